import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { httpUrl, parseEnvironment, secret } from '../../config/environment.ts';
import { readTemporalSettings } from '../../config/temporal-settings.ts';
import { createForgetting } from '../../integrations/directus/forgetting.ts';
import type { Forgetting, OrderOfCustomer } from '../../integrations/directus/forgetting.ts';
import {
  AdministrationError,
  LicenceLimitError,
  connectAsAdministrator,
} from '../../integrations/directus/schema/administration.ts';
import { deleteRun, listRunsOfCustomer } from '../../operators/customer-runs.ts';
import { nameOf } from '../../operators/send-update.ts';
import { withTemporalAccess } from '../../temporal/temporal-access.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import { CommandError, print, runCommand, textTable } from '../command.ts';
import { confirm } from '../confirm.ts';
import { parseCommandLine, USAGE } from './command-line.ts';
import type { ForgetCommand } from './command-line.ts';

const DELETED_WITHIN_MS = 60_000;

const variables = z.object({ DIRECTUS_URL: httpUrl(), DIRECTUS_ADMIN_TOKEN: secret() });

/** `npm run forget`: removes what is kept of a customer's orders. */
async function carryOut(
  command: ForgetCommand,
  { temporal, directus }: { temporal: TemporalAccess; directus: Forgetting },
): Promise<void> {
  const { customerId, by, inFlightMs, isConfirmed } = command;
  const find = async () => {
    const runs = await listRunsOfCustomer(temporal, customerId);
    const orders = await directus.ordersOf(customerId);
    const inFlight = new Map([
      ...runs.filter(({ isOpen }) => isOpen).map((run) => [nameOf(run), run.stage ?? run.status] as const),
      ...orders.filter((order) => isInFlight(order, inFlightMs)).map(({ id, status }) => [id, status] as const),
    ]);
    if (inFlight.size > 0) {
      print(...textTable([['ORDER', 'STANDS'], ...inFlight]));
      throw new CommandError(
        'Nothing was removed: these orders are in review, have not ended, or were changed recently. Try again later; --in-flight sets how recently.',
      );
    }
    return { runs, orders, ids: orders.map(({ id }) => id), personal: orders.filter(({ isPersonal }) => isPersonal) };
  };
  const shown = await find();
  const traces = await directus.countTraces(shown.ids);
  const counts = [shown.runs.length, shown.orders.length, shown.personal.length, traces].map(String);
  print(...textTable([['RUNS IN TEMPORAL', 'ORDERS', 'TO BE BLANKED', 'OLDER VERSIONS AND COMMENTS'], counts]));
  if (shown.runs.length + shown.orders.length === 0 && !(await directus.isCustomer(customerId))) {
    throw new CommandError('There is no customer with this id, no order and no run: check the id.');
  }
  if (by !== undefined) await directus.removeLeftFlows();
  if (shown.runs.length + shown.personal.length + traces === 0) return print('Nothing is left of this customer here.');
  if (by === undefined) return;
  if (!isConfirmed) await confirm('Remove all of this for good?', 'Nothing was removed.');

  // While the command waited for the answer, the customer may have sent a checkout again.
  const { runs, ids, personal } = await find();
  const action = { id: randomUUID(), at: new Date().toISOString(), ...by, action: 'forget' } as const;
  for (const order of personal) await directus.blank(order, action);
  for (const run of runs) await deleteRun(temporal, run);
  await untilDeleted(temporal, customerId);
  // Last, because blanking an order itself leaves an older version. If this fails, a second call finds what is left.
  await directus.removeTraces(ids).catch((error: unknown) => {
    if (!(error instanceof LicenceLimitError)) throw error;
    throw new CommandError(
      'The older versions of the orders are still there: Directus removes them by a flow alone, and its licence allows no more flows. Switch one off for a moment, and call this again.',
    );
  });
  print(`Removed at ${action.at}, by ${action.actor}: ${runs.length} runs, and what ${personal.length} orders told.`);
}

/** Temporal deletes a run only a moment after it was asked to. */
async function untilDeleted(temporal: TemporalAccess, customerId: string): Promise<void> {
  const deadline = Date.now() + DELETED_WITHIN_MS;
  while ((await listRunsOfCustomer(temporal, customerId)).length > 0) {
    if (Date.now() > deadline) {
      throw new CommandError('Temporal was asked to delete the runs, and has not done so yet. Call this again later.');
    }
    await delay(500);
  }
}

function isInFlight(
  { status, failureCode, isLinked, changedAt, isPersonal }: OrderOfCustomer,
  inFlightMs: number,
): boolean {
  if (status === 'CANCELLED' || failureCode === 'OrderNeedsReview') return status === 'NEEDS_REVIEW';
  if (status !== 'FAILED' && (status === 'NEEDS_REVIEW' || !isLinked)) return true;
  // The same request would try a failed order again. An order that is blanked already is no longer in flight: the
  // blanking was its last change.
  return isPersonal && Date.now() - changedAt.getTime() < inFlightMs;
}

await runCommand({
  program: 'forget',
  usage: USAGE,
  parse: parseCommandLine,
  async carryOut(command) {
    const set = parseEnvironment(variables, process.env);
    const directus = createForgetting(
      connectAsAdministrator({ url: set.DIRECTUS_URL, adminToken: set.DIRECTUS_ADMIN_TOKEN }),
    );
    return await withTemporalAccess(readTemporalSettings(process.env), (temporal) =>
      carryOut(command, { temporal, directus }),
    );
  },
  expected: [AdministrationError],
});
