import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { BROKEN } from './tell-search.ts';

/** A mistake in the product, put there on purpose. Its text must be there exactly once. */
export interface PlantedFault {
  /** What the product then does wrong. */
  name: string;
  /** The rule that it has to break. */
  breaks: RegExp;
  /** The fault that people found in real use, of which this is the kind. */
  real?: string;
  /** Why the search does not find it, if it does not. */
  missedBecause?: string;
  file: string;
  find: string;
  replace: string;
}

export const plantedFaults: PlantedFault[] = [
  {
    name: 'an attempt that may have arrived is forgotten by the next one',
    file: 'activities/create-ridendine-order.ts',
    find: "const maybeSent = known.maybe_sent || error.outcome === 'maybeSent';",
    replace: "const maybeSent = error.outcome === 'maybeSent';",
  },
  {
    name: 'an attempt that has left no word counts as not sent',
    file: 'activities/attempt-note.ts',
    find: 'return isFirst ? nothingSent : nothingKnown;',
    replace: 'return isFirst ? nothingSent : nothingSent;',
  },
  {
    name: 'an answer 303 counts as not sent',
    file: 'integrations/ridendine/reply.ts',
    find: "status === SEE_OTHER ? 'maybeSent' : 'notSent'",
    replace: "status === SEE_OTHER ? 'notSent' : 'notSent'",
  },
  {
    name: 'the id of an order is random',
    file: 'domain/order-ids.ts',
    find: 'return v5(idempotencyKey.toLowerCase(), ORDER_NAMESPACE);',
    replace: 'return v5(idempotencyKey.toLowerCase() + String(performance.now()), ORDER_NAMESPACE);',
  },
  {
    name: 'each attempt sends a body of its own',
    file: 'activities/create-ridendine-order.ts',
    find: 'body: order.ridendine_request,',
    replace: 'body: order.ridendine_request.replace(\'{\', `{"at":${performance.now()},`),',
  },
  {
    name: 'RideNDine is asked with a key that it may have forgotten',
    file: 'activities/create-ridendine-order.ts',
    find: 'if (!order.asked_by_support || !isOurs) refuseWhenTooLate(order, known);',
    replace: 'if (false) refuseWhenTooLate(order, known);',
  },
  {
    name: 'a status of a later phase is lowered',
    file: 'integrations/directus/orders-store.ts',
    find: '{ [orderFields.ridendineOrderId]: ridendine_order_id, [orderFields.paymentSessionId]: payment_session_id },\n      ),\n  };',
    replace:
      "{ [orderFields.ridendineOrderId]: ridendine_order_id, [orderFields.paymentSessionId]: payment_session_id, [orderFields.status]: 'PENDING_PAYMENT' },\n      ),\n  };",
  },
  {
    name: 'ids are written over ids that are there',
    file: 'integrations/directus/orders-store.ts',
    find: '{ [orderFields.ridendineOrderId]: { _null: true } },\n            {\n              [orderFields.ridendineOrderId]: { _eq: ridendine_order_id },',
    replace:
      '{ [orderFields.status]: { _nnull: true } },\n            {\n              [orderFields.ridendineOrderId]: { _eq: ridendine_order_id },',
  },
  {
    name: 'an order that has ended keeps its quote',
    file: 'integrations/directus/orders-store.ts',
    find: '...(hasEnded(status) && { [orderFields.activeQuoteId]: null }),',
    replace: '',
  },
  {
    name: 'a checkout that is cancelled before there is an order leaves its key free',
    file: 'activities/cancel-checkout.ts',
    find: 'await orders.recordCancelled({',
    replace: 'await (async (_row: object) => {})({',
  },
  {
    name: 'a cancellation does not stop the attempts at RideNDine',
    file: 'workflows/partner-call.ts',
    find: 'await condition(() => isOver || cancellation.isAsked());',
    replace: 'await condition(() => isOver);',
  },
  {
    name: 'whatever Directus calls not unique counts as a quote that is used',
    file: 'activities/taken-values.ts',
    find: 'if (owner === null) return undefined;\n  if (owner.customerId',
    replace:
      "if (owner === null) throw finalFailure('QuoteAlreadyUsed', 'Another live order was made from the quote.');\n  if (owner.customerId",
  },
  {
    name: 'an order whose writing came late stays live after its run has failed',
    file: 'activities/mark-order.ts',
    find: "if (result.kind !== 'missing' || !if_missing || !hasEnded(mark.status)) return result;",
    replace: "if (result.kind !== 'nothing' || !if_missing || !hasEnded(mark.status)) return result;",
  },
  {
    name: 'an order that its run left without knowing it is taken for one that goes on',
    file: 'activities/left-order.ts',
    find: 'if (!isAsWritten(order) || workflow_run_id === null || workflow_run_id === currentRunId()) return order;',
    replace: 'if (workflow_run_id !== undefined) return order;',
  },
  {
    name: 'what support staff did is recorded once for each attempt to write it',
    file: 'integrations/directus/recorded-actions.ts',
    find: 'if (entries.some((entry) => isSameAction(entry, action))) return undefined;',
    replace: 'void isSameAction;',
  },
  {
    name: 'an order that support staff abandoned is tried again',
    file: 'activities/order-standing.ts',
    find: "if (order.failure_code === 'OrderNeedsReview') {",
    replace: "if (order.failure_code === 'Nothing') {",
  },
  {
    name: 'a key answers for another checkout',
    file: 'activities/validate-checkout.ts',
    find: 'if (left.request_fingerprint !== request_fingerprint) {',
    replace: 'if (left.request_fingerprint === null) {',
  },
  {
    name: 'an order that an earlier run linked is told as new',
    file: 'workflows/order-creation.ts',
    find: 'return { ...result, replayed: true };',
    replace: 'return { ...result };',
  },
  {
    name: 'a failed order that RideNDine may have is reopened with a fresh deadline',
    file: 'activities/create-order-record.ts',
    find: 'maybe_sent_before: !isUnsent,',
    replace: 'maybe_sent_before: false,',
  },
  {
    name: 'an operator’s reset of the step counts its attempts anew',
    file: 'activities/create-ridendine-order.ts',
    find: 'const isFirst = attempt === 1 && currentAttemptScheduledTimestampMs === scheduledTimestampMs;',
    replace: 'const isFirst = attempt === 1 || currentAttemptScheduledTimestampMs === scheduledTimestampMs;',
  },
];

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Exit code of a search that found a rule that does not hold. Any other error ends Node with 1. */
export const VIOLATION = 3;

/** Searches a copy of the product that has the fault. @returns whether the rule that it has to break was broken. */
export async function searchWithFault(
  fault: PlantedFault,
  { runs, seed }: { runs: number; seed: number },
): Promise<{ found: boolean; runs: number; broken: string[] }> {
  const copy = await mkdtemp(path.join(tmpdir(), 'planted-fault-'));
  try {
    for (const folder of ['src', 'stack', 'test', 'package.json', 'tsconfig.json']) {
      await cp(path.join(root, folder), path.join(copy, folder), {
        recursive: true,
        filter: (source) => !source.includes('/histories'),
      });
    }
    await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    await plant(path.join(copy, 'src', fault.file), fault);
    const { exitCode, all } = await execa(
      process.execPath,
      ['test/search/run.ts', '--runs', String(runs), '--seed', String(seed), '--as-found'],
      { cwd: copy, all: true, reject: false },
    );
    if (exitCode !== 0 && exitCode !== VIOLATION) throw new Error(`The search ended with ${exitCode}:\n${all}`);
    const lines = all.split('\n');
    const broken = lines.filter((line) => line.startsWith(BROKEN)).map((line) => line.slice(BROKEN.length));
    const done = lines.map((line) => /^(\d+) schedules, \d+ with a violation\.$/.exec(line)?.[1]).find(Boolean);
    return { found: broken.some((sentence) => fault.breaks.test(sentence)), runs: Number(done), broken };
  } finally {
    await rm(copy, { recursive: true });
  }
}

async function plant(file: string, { name, find, replace }: PlantedFault): Promise<void> {
  const text = await readFile(file, 'utf8');
  const pieces = text.split(find);
  if (pieces.length !== 2) throw new Error(`The place for the fault "${name}" is there ${pieces.length - 1} times.`);
  await writeFile(file, pieces.join(replace));
}
