import { z } from 'zod';

const common = {
  /** How many matching calls it strikes; null: every one until it is removed. */
  times: z.int().min(1).nullable().default(1),
  /** Only calls for this order or quote. */
  external_order_id: z.string().min(1).optional(),
  quote_id: z.string().min(1).optional(),
};

const when = z.enum(['before_store', 'after_store']).default('before_store');

/** Sent in a header as it is, sensible or not: a client must cope with either. */
const headerText = z.string().regex(/^[\x20-\x7e]+$/, 'must be printable ASCII');

/** A fault as the control API takes it; README.md shows each kind. */
export const faultSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      ...common,
      kind: z.literal('status'),
      status: z.int().min(200).max(599),
      /** Seconds, or any text: an HTTP date. */
      retry_after: z.union([z.int().min(0), headerText]).optional(),
      /** false: an HTML page, as a proxy in between would answer. */
      json: z.boolean().default(true),
      /** The `detail` of the problem, or the page's text: what the partner would tell a person. */
      detail: z.string().optional(),
      /** The order is created first and the answer denies it. */
      stored: z.literal('before').optional(),
    }),
    z.strictObject({ ...common, kind: z.literal('latency'), ms: z.int().min(0).max(600_000) }),
    z.strictObject({ ...common, kind: z.literal('no_answer'), when }),
    z.strictObject({ ...common, kind: z.literal('reset'), when }),
    z.strictObject({ ...common, kind: z.literal('malformed_body') }),
    z.strictObject({
      ...common,
      kind: z.literal('incomplete_body'),
      /** `missing`: no `payment_session_id`. `empty`: both ids are empty strings. */
      variant: z.enum(['missing', 'empty']).default('missing'),
    }),
    z.strictObject({ ...common, kind: z.literal('redirect'), location: headerText }),
  ],
  { error: 'must be a kind of fault that README.md names' },
);
export type Fault = z.output<typeof faultSchema>;

export interface PlannedFault {
  id: string;
  fault: Fault;
  /** null: until removed. */
  timesLeft: number | null;
  timesUsed: number;
}

interface CallIdentity {
  external_order_id: string | null;
  quote_id: string | null;
}

/**
 * Whether the fault strikes after the order is stored. Such a fault strikes only calls that are accepted. A call that
 * is refused gets its refusal, and the fault waits for the next call.
 */
export function strikesAfterStoring(fault: Fault): boolean {
  switch (fault.kind) {
    case 'status':
      return fault.stored === 'before';
    case 'no_answer':
    case 'reset':
      return fault.when === 'after_store';
    case 'malformed_body':
    case 'incomplete_body':
      return true;
    case 'latency':
    case 'redirect':
      return false;
    default:
      return fault satisfies never;
  }
}

/** The planned faults. They are kept in memory only: a restarted sandbox has none. */
export interface FaultPlan {
  add(fault: Fault): PlannedFault;
  /** The first fault that matches this call. The fault is not used up by this. */
  match(call: CallIdentity): PlannedFault | undefined;
  /** Counts one strike, and removes a fault that has struck as often as planned. */
  use(planned: PlannedFault): void;
  list(): PlannedFault[];
  /** Removes one, or all. Returns how many. */
  remove(id?: string): number;
}

export function createFaultPlan(): FaultPlan {
  let plan: PlannedFault[] = [];
  let lastId = 0;
  return {
    add(fault) {
      lastId += 1;
      const planned = { id: `fault_${lastId}`, fault, timesLeft: fault.times, timesUsed: 0 };
      plan.push(planned);
      return planned;
    },
    match(call) {
      return plan.find(
        ({ fault }) =>
          (fault.external_order_id === undefined || fault.external_order_id === call.external_order_id) &&
          (fault.quote_id === undefined || fault.quote_id === call.quote_id),
      );
    },
    use(planned) {
      planned.timesUsed += 1;
      if (planned.timesLeft === null) return;
      planned.timesLeft -= 1;
      if (planned.timesLeft === 0) plan = plan.filter((other) => other !== planned);
    },
    list: () => [...plan],
    remove(id) {
      const kept = id === undefined ? [] : plan.filter((planned) => planned.id !== id);
      const removed = plan.length - kept.length;
      plan = kept;
      return removed;
    },
  };
}
