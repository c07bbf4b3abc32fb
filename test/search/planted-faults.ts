import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { BROKEN } from './tell-search.ts';

/** A mistake that is put into the product on purpose. The text that it replaces must occur exactly once. */
export interface PlantedFault {
  /** What the product then does wrong. */
  name: string;
  /** Matches the sentences of the rules that the fault must break. */
  breaks: RegExp;
  /**
   * The fault of this kind that people found in real use, by its place in the list of such faults: A is about orders
   * that ended and came back, B about what Directus calls not unique, C about values, D about HTTP, E about RideNDine's
   * answers. C 4, C 5, C 7, D 8 to 10, D 12, D 13 and E 14 do not change what happens to an order. Tests of the
   * gateway, of the client and of the client for RideNDine cover them.
   */
  real?: string;
  edits: Edit[];
}

/** A replacement in a file of `src`. */
interface Edit {
  file: string;
  find: string;
  replace: string;
}

export const plantedFaults: PlantedFault[] = [
  {
    name: 'an attempt that may have arrived is forgotten by the next one',
    breaks: /RideNDine may have it/,
    edits: [
      {
        file: 'activities/create-ridendine-order.ts',
        find: "const maybeSent = known.maybe_sent || error.outcome === 'maybeSent';",
        replace: "const maybeSent = error.outcome === 'maybeSent';",
      },
    ],
  },
  {
    name: 'an attempt that may have arrived before a pause is forgotten after it',
    breaks: /RideNDine may have it|asked after it may have forgotten/,
    edits: [
      {
        file: 'workflows/partner-call.ts',
        find: 'maybeSentBefore ||= maybe_sent !== false;',
        replace: 'maybeSentBefore &&= maybe_sent !== false;',
      },
    ],
  },
  {
    name: 'a pause does not hold back an order that may have arrived',
    breaks: /while calls to it were paused/,
    edits: [
      {
        file: 'activities/create-ridendine-order.ts',
        find: 'if (paused) throw',
        replace: 'if (paused && !known.maybe_sent) throw',
      },
    ],
  },
  {
    name: 'an attempt that has left no word counts as not sent',
    breaks: /RideNDine may have it|first asked after/,
    edits: [
      {
        file: 'activities/attempt-note.ts',
        find: 'return isFirst ? nothingSent : nothingKnown;',
        replace: 'return isFirst ? nothingSent : nothingSent;',
      },
    ],
  },
  {
    name: 'an answer 303 counts as not sent',
    breaks: /RideNDine may have it/,
    real: 'E 15',
    edits: [
      {
        file: 'integrations/ridendine/reply.ts',
        find: "status === SEE_OTHER ? 'maybeSent' : 'notSent'",
        replace: "status === SEE_OTHER ? 'notSent' : 'notSent'",
      },
    ],
  },
  {
    name: 'the id of an order is random',
    breaks:
      /that Directus does not have|are not those of the order|an id was shown|nobody carries it|several orders|RideNDine has|failed as OrderNeedsReview/,
    edits: [
      {
        file: 'domain/order-ids.ts',
        find: 'return v5(idempotencyKey.toLowerCase(), ORDER_NAMESPACE);',
        replace: 'return v5(idempotencyKey.toLowerCase() + String(performance.now()), ORDER_NAMESPACE);',
      },
    ],
  },
  {
    name: 'each attempt sends a body of its own',
    breaks: /other bytes/,
    edits: [
      {
        file: 'activities/create-ridendine-order.ts',
        find: 'body: order.ridendine_request,',
        replace: 'body: order.ridendine_request.replace(\'{\', `{"at":${performance.now()},`),',
      },
    ],
  },
  {
    name: 'RideNDine is asked with a key that it may have forgotten',
    breaks: /may have forgotten|RideNDine has \d+ orders/,
    edits: [
      {
        file: 'activities/create-ridendine-order.ts',
        find: 'if (!order.asked_by_support || !isOurs) refuseWhenTooLate(order, known);',
        replace: 'if (false) refuseWhenTooLate(order, known);',
      },
    ],
  },
  {
    name: 'a status of a later phase is lowered',
    breaks: /A later phase had the order/,
    edits: [
      {
        file: 'integrations/directus/orders-store.ts',
        find: '{ _in: [...statusesBefore[status]] }',
        replace: "{ _in: [...statusesBefore[status], 'CONFIRMED'] }",
      },
    ],
  },
  {
    name: 'ids are written over ids that are there',
    breaks: /were replaced|the order has other ids|ids that were shown/,
    edits: [
      {
        file: 'integrations/directus/orders-store.ts',
        find: '{ [orderFields.ridendineOrderId]: { _null: true } },\n            {\n              [orderFields.ridendineOrderId]: { _eq: ridendine_order_id },',
        replace:
          '{ [orderFields.status]: { _nnull: true } },\n            {\n              [orderFields.ridendineOrderId]: { _eq: ridendine_order_id },',
      },
    ],
  },
  {
    name: 'an order that has ended keeps its quote',
    breaks: /keeps the quote/,
    edits: [
      {
        file: 'integrations/directus/orders-store.ts',
        find: '...(hasEnded(status) && { [orderFields.activeQuoteId]: null, ',
        replace: '...(hasEnded(status) && { ',
      },
    ],
  },
  {
    name: 'a checkout that is cancelled before there is an order leaves its key free',
    breaks:
      /there is no order that says so|succeeds after people|went on after people|CREATING_RIDENDINE_ORDER after people|is recorded 0 times/,
    real: 'A 1',
    edits: [
      {
        file: 'activities/cancel-checkout.ts',
        find: 'await orders.recordCancelled({',
        replace: 'await (async (_row: object) => {})({',
      },
    ],
  },
  {
    name: 'a cancellation does not stop the attempts at RideNDine',
    breaks: /after somebody had asked to cancel|nobody was told|neither ends nor waits/,
    real: 'A 2',
    edits: [
      {
        file: 'workflows/partner-call.ts',
        find: 'await condition(() => isOver() || cancellation.isAsked());\n  if (isOver()) return',
        replace: 'await condition(() => isOver());\n  if (isOver()) return',
      },
    ],
  },
  {
    name: 'whatever Directus calls not unique counts as a quote that is used',
    breaks: /QuoteAlreadyUsed, which is not so/,
    real: 'B 3',
    edits: [
      {
        file: 'activities/taken-values.ts',
        find: 'if (owner === null) return undefined;\n  if (owner.customerId',
        replace:
          "if (owner === null) throw finalFailure('QuoteAlreadyUsed', 'Another live order was made from the quote.');\n  if (owner.customerId",
      },
    ],
  },
  {
    name: 'an order whose writing came late stays live after its run has failed',
    breaks: /nobody carries it|A sweep continues|after the last caller/,
    // The fault needs both edits: each of the two places makes up for a mistake in the other.
    edits: [
      {
        file: 'activities/mark-order.ts',
        find: "if (result.kind !== 'missing' || !if_missing || !hasEnded(mark.status)) return result;",
        replace: "if (result.kind !== 'nothing' || !if_missing || !hasEnded(mark.status)) return result;",
      },
      {
        file: 'activities/left-order.ts',
        find: 'if (!isAsWritten(order) || workflow_run_id === null || workflow_run_id === currentRunId()) return order;',
        replace: 'if (workflow_run_id !== undefined) return order;',
      },
    ],
  },
  {
    name: 'what support staff did is recorded once for each attempt to write it',
    breaks: /is recorded \d+ times/,
    edits: [
      {
        file: 'integrations/directus/recorded-actions.ts',
        find: 'if (entries.some((entry) => isSameAction(entry, action))) return undefined;',
        replace: 'void isSameAction;',
      },
    ],
  },
  {
    name: 'an order that support staff abandoned is tried again',
    breaks: /went on after people|succeeds after people|after people had ended it/,
    edits: [
      {
        file: 'activities/order-standing.ts',
        find: "if (order.failure_code === 'OrderNeedsReview') {",
        replace: "if (order.failure_code === 'Nothing') {",
      },
    ],
  },
  {
    name: 'a key answers for another checkout',
    breaks: /for two checkouts/,
    edits: [
      {
        file: 'activities/validate-checkout.ts',
        find: 'if (left.request_fingerprint !== request_fingerprint) {',
        replace: 'if (left.request_fingerprint === null) {',
      },
    ],
  },
  {
    name: 'an order that an earlier run linked is told as new',
    breaks: /callers were told that they began/,
    real: 'D 11',
    edits: [
      {
        file: 'workflows/order-creation.ts',
        find: 'return { ...result, replayed: true };',
        replace: 'return { ...result };',
      },
    ],
  },
  {
    name: 'a failed order that RideNDine may have is reopened with a fresh deadline',
    breaks: /RideNDine may have it|may have forgotten/,
    edits: [
      {
        file: 'activities/create-order-record.ts',
        find: 'maybe_sent_before: !isUnsent,',
        replace: 'maybe_sent_before: false,',
      },
    ],
  },
  {
    name: 'an operator’s reset of the step counts its attempts anew',
    breaks: /RideNDine may have it/,
    real: 'A 2',
    edits: [
      {
        file: 'activities/create-ridendine-order.ts',
        find: 'const isFirst = attempt === 1 && sinceScheduledMs < startToCloseTimeoutMs / 2;',
        replace: 'const isFirst = attempt === 1 || sinceScheduledMs < startToCloseTimeoutMs / 2;',
      },
    ],
  },
  {
    name: 'a build that takes over before the first call leaves its run unsure whether something was sent',
    breaks: /first asked after the quote/,
    edits: [
      {
        file: 'activities/create-ridendine-order.ts',
        find: 'const isFirst = attempt === 1 && sinceScheduledMs < startToCloseTimeoutMs / 2;',
        replace: 'const isFirst = attempt === 1 && sinceScheduledMs < Math.min(1, startToCloseTimeoutMs);',
      },
    ],
  },
  {
    name: 'a word of not sent stands while the next call is under way',
    breaks: /RideNDine may have it/,
    real: 'A 2',
    edits: [
      {
        file: 'activities/create-ridendine-order.ts',
        find: 'if (known.maybe_sent || activityInfo().heartbeatDetails != null)',
        replace: 'if (known.maybe_sent)',
      },
    ],
  },
  {
    name: 'after an operator’s reset a step counts as never begun',
    breaks: /RideNDine may have it/,
    real: 'A 2',
    edits: [
      {
        file: 'worker/stop-attempts.ts',
        find: 'isFirst: attempt === 1 && lastFailure == null && lastStartedTime == null && !lastWorkerIdentity,',
        replace: 'isFirst: attempt === 1,',
      },
    ],
  },
  {
    name: 'a step that an operator has paused cannot be stopped',
    breaks: /neither ends nor waits|nobody was told/,
    real: 'A 2',
    edits: [
      {
        file: 'worker/stop-attempts.ts',
        find: "if (running && !running.paused && !(await pause(client, run, running))) return 'unstoppable';",
        replace:
          "if (running?.paused) throw new Error('It is paused.');\n  if (running && !(await pause(client, run, running))) return 'unstoppable';",
      },
    ],
  },
  {
    name: 'a run closes as cancelled though the order could not be marked',
    breaks: /there is no order that says so|it ended the order|is recorded 0 times|nobody carries it/,
    real: 'A 1',
    edits: [
      {
        file: 'workflows/order-creation.ts',
        find: "if (kind === 'marked') return await cancel(run, order.order_id);",
        replace: "if (kind !== 'missing' || true) return await cancel(run, order.order_id);",
      },
    ],
  },
  {
    name: 'an order is put back into review without its quote',
    breaks: /its quote is free/,
    edits: [
      {
        file: 'workflows/review.ts',
        find: 'await putInReview({ retake_quote: true });',
        replace: 'await putInReview({});',
      },
    ],
  },
  {
    name: 'whoever asks to cancel is answered before Directus knows',
    breaks: /is recorded 0 times|there is no order that says so/,
    real: 'A 2',
    edits: [
      {
        file: 'workflows/review.ts',
        find: 'const action = cancellation.pause();',
        replace: 'const action = cancellation.pause();\n      cancellation.isInReview(true);',
      },
    ],
  },
];

/** Faults of the same kinds that the search cannot find, why, and the tests that find them. */
export const outOfSight: { name: string; real?: string; because: string; test: string }[] = [
  {
    name: 'a run that was refused speaks for its key',
    because: 'the server decides whether the list of runs lags behind',
    test: 'test/contract/order-creation-client',
  },
  {
    name: 'a 404 is final at once',
    real: 'E 15',
    because: 'no rule says how soon an order may fail',
    test: 'test/contract/create-ridendine-order',
  },
  {
    name: 'a page that answers 401 counts as not sent',
    real: 'E 15',
    because: 'the model of RideNDine refuses a credential in JSON only',
    test: 'test/contract/ridendine-client',
  },
  {
    name: 'ids that do not look like those of RideNDine are linked unchecked',
    real: 'C 6',
    because: 'a schedule has too few orders to compare them with',
    test: 'test/contract/wrong-links',
  },
  {
    name: 'a new build does something else than the build that began the run',
    because: 'both builds of the search have the same code',
    test: 'test/stack/upgrade, test/replay',
  },
  {
    name: 'a correction of a wrong link is not taken',
    real: 'C 6',
    because: 'no schedule draws one',
    test: 'test/contract/wrong-links',
  },
];

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The exit code of a search that found a broken rule. Any other error ends Node with 1. */
export const VIOLATION = 3;

/**
 * Runs the search on a copy of the product that has the fault.
 *
 * @returns whether a rule that the fault must break was broken (`found`), how many schedules were run, and all broken
 *   rules.
 */
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
    for (const edit of fault.edits) await plant(path.join(copy, 'src', edit.file), fault.name, edit);
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

async function plant(file: string, name: string, { find, replace }: Edit): Promise<void> {
  const text = await readFile(file, 'utf8');
  const pieces = text.split(find);
  if (pieces.length !== 2) throw new Error(`The place for the fault "${name}" is there ${pieces.length - 1} times.`);
  await writeFile(file, pieces.join(replace));
}
