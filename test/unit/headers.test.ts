import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { LOG_CONTEXT_HEADER } from '../../src/contract/runs.ts';
import { TRACE_HEADER } from '../../src/telemetry/trace-context.ts';
import { logContextInHeaders, placeInHeaders } from '../../src/telemetry/run-headers.ts';

const payloadOf = (content: unknown) => defaultPayloadConverter.toPayload(content);
const unreadable = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') };
const strange = [unreadable, { metadata: {} }, payloadOf(null), payloadOf('hello'), payloadOf(17), payloadOf(['a'])];

describe('the headers of a run and its steps', () => {
  it('tell its place in a trace and what its log lines say', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = {
      [TRACE_HEADER]: payloadOf({ traceparent }),
      [LOG_CONTEXT_HEADER]: payloadOf({ order_id: 'an-order', request_id: 'a-request' }),
    };

    expect(placeInHeaders(headers)).toMatchObject({ traceparent, traceFlags: 1 });
    expect(logContextInHeaders(headers)).toEqual({ order_id: 'an-order', request_id: 'a-request' });
  });

  it('need not be there', () => {
    expect(placeInHeaders({})).toBeUndefined();
    expect(logContextInHeaders({})).toEqual({});
  });

  it('count as nothing if they are something else, whoever wrote it', () => {
    for (const payload of strange) {
      expect(placeInHeaders({ [TRACE_HEADER]: payload })).toBeUndefined();
      expect(logContextInHeaders({ [LOG_CONTEXT_HEADER]: payload })).toEqual({});
    }
    const others = payloadOf({ order_id: 17, request_id: { name: 'Canary' }, msg: 'Canary' });
    expect(logContextInHeaders({ [LOG_CONTEXT_HEADER]: others })).toEqual({});
  });
});
