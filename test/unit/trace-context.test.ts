import { describe, expect, it } from '@jest/globals';
import { isSampled, traceContext, traceContextIn, traceparentOf } from '../../src/telemetry/trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const sound = `00-${traceId}-00f067aa0ba902b7-01`;

describe('a traceparent', () => {
  it.each([sound, `01-${traceId}-00f067aa0ba902b7-01-what-comes-later`])('%s is handed on as it is', (header) => {
    expect(traceContext(header)).toEqual({ traceparent: header, traceId, spanId: '00f067aa0ba902b7', traceFlags: 1 });
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

  it.each([0, 1, 3, 255])('is written as it was read, with the flags %i', (traceFlags) => {
    const header = traceparentOf({ traceId, spanId: '00f067aa0ba902b7', traceFlags });

    expect(traceContext(header)).toMatchObject({ traceparent: header, traceFlags });
    expect(isSampled({ traceFlags })).toBe(traceFlags !== 0);
  });
});

describe('what a run is told of its place in a trace', () => {
  it('is read whoever wrote it, and counts as nothing if it is something else', () => {
    expect(traceContextIn({ traceparent: sound, tracestate: 'vendor=1' })).toMatchObject({ traceId });
    for (const other of [undefined, null, sound, { traceparent: 17 }, {}])
      expect(traceContextIn(other)).toBeUndefined();
  });
});
