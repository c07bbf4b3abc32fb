import { describe, expect, it } from '@jest/globals';
import { traceContext } from '../../src/domain/trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const sound = `00-${traceId}-00f067aa0ba902b7-01`;

describe('a traceparent', () => {
  it.each([sound, `01-${traceId}-00f067aa0ba902b7-01-what-comes-later`])('%s is handed on as it is', (header) => {
    expect(traceContext(header)).toEqual({ traceparent: header, traceId });
  });

  it.each([
    undefined,
    '',
    'hello',
    [sound, sound],
    `${sound}-more`,
    sound.toUpperCase(),
    `ff${sound.slice(2)}`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `01-${traceId}-00f067aa0ba902b7-01-${'x'.repeat(201)}`,
    `01-${traceId}-00f067aa0ba902b7-01-with a space`,
  ])('%j is none', (header) => {
    expect(traceContext(header)).toBeUndefined();
  });
});
