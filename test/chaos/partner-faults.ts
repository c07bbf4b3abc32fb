/** How long the worker waits for RideNDine. A call is held open for this long while the test prepares a crash. */
export const RIDENDINE_TIMEOUT_MS = 4000;

/** The attempt outcome that the fault causes (docs/architecture.md); `none` if the attempt succeeds. */
type Trace = 'rejected' | 'not sent' | 'maybe sent' | 'none';

/** A fault in the sandbox's format. The fields that select the calls are added later. */
export type FaultDefinition = { kind: string } & Record<string, unknown>;

interface FaultKind {
  fault: FaultDefinition;
  leaves: Trace;
  /** The worker treats it as a wrong configuration: it pauses for 10 s, and twice as long after each attempt. */
  isSlow?: true;
}

/** Every kind of fault that the sandbox knows, in each form that the worker treats differently. */
export const faultKinds = {
  'status 408': { fault: { kind: 'status', status: 408 }, leaves: 'maybe sent' },
  'status 409': { fault: { kind: 'status', status: 409 }, leaves: 'maybe sent' },
  'status 422': { fault: { kind: 'status', status: 422 }, leaves: 'rejected' },
  'status 429 with Retry-After': { fault: { kind: 'status', status: 429, retry_after: 1 }, leaves: 'not sent' },
  'status 500': { fault: { kind: 'status', status: 500 }, leaves: 'maybe sent' },
  'status 500 though stored': { fault: { kind: 'status', status: 500, stored: 'before' }, leaves: 'maybe sent' },
  'status 502 as a page': { fault: { kind: 'status', status: 502, json: false }, leaves: 'maybe sent' },
  'status 503 with Retry-After': { fault: { kind: 'status', status: 503, retry_after: 1 }, leaves: 'maybe sent' },
  'status 503 though stored': { fault: { kind: 'status', status: 503, stored: 'before' }, leaves: 'maybe sent' },
  'late answer': { fault: { kind: 'latency', ms: 700 }, leaves: 'none' },
  'answer later than we wait': { fault: { kind: 'latency', ms: RIDENDINE_TIMEOUT_MS + 1500 }, leaves: 'maybe sent' },
  'no answer, not stored': { fault: { kind: 'no_answer', when: 'before_store' }, leaves: 'maybe sent' },
  'no answer though stored': { fault: { kind: 'no_answer', when: 'after_store' }, leaves: 'maybe sent' },
  'reset, not stored': { fault: { kind: 'reset', when: 'before_store' }, leaves: 'maybe sent' },
  'reset though stored': { fault: { kind: 'reset', when: 'after_store' }, leaves: 'maybe sent' },
  'body cut short': { fault: { kind: 'malformed_body' }, leaves: 'maybe sent' },
  'body without an id': { fault: { kind: 'incomplete_body', variant: 'missing' }, leaves: 'maybe sent' },
  'body with empty ids': { fault: { kind: 'incomplete_body', variant: 'empty' }, leaves: 'maybe sent' },
  'status 401': { fault: { kind: 'status', status: 401 }, leaves: 'not sent', isSlow: true },
  'status 404 as a page': { fault: { kind: 'status', status: 404, json: false }, leaves: 'maybe sent', isSlow: true },
  redirect: {
    fault: { kind: 'redirect', location: 'https://elsewhere.example/orders/create' },
    leaves: 'not sent',
    isSlow: true,
  },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof faultKinds;

export const faultNames = Object.keys(faultKinds) as FaultName[];

export function isSlow(name: FaultName): boolean {
  return 'isSlow' in faultKinds[name];
}

export function isRefusal(name: FaultName): boolean {
  return faultKinds[name].leaves === 'rejected';
}
