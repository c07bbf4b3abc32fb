import { once } from 'node:events';
import { createDemoQuote } from '../sandbox/shop/demo-data.ts';
import { orderCreationWorkflowId } from '../src/contract/runs.ts';
import { placeOrder, type PlacedOrder } from './first-order.ts';
import { endWithNpm } from './npm-script.ts';
import { logFolder } from './part-log.ts';
import { consoleProgress, seconds } from './progress.ts';
import { secretFile, type Secret } from './secrets.ts';
import { writeDemoCheckout } from './demo-checkout.ts';
import { readStackSettings, shownPath, type StackSettings } from './settings.ts';
import { startStack, type Stack } from './stack.ts';
import { DIRECTUS_ADMIN_EMAIL } from './start-order-data.ts';
import { failOnCrash, PartCrashed } from './supervisor.ts';

/** The exit code if `--exit` was interrupted: the caller must know that there was no order. */
const INTERRUPTED = 130;

const progress = consoleProgress();
const stopRequested = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopRequested.abort());
endWithNpm();

process.exitCode = await run(process.argv.slice(2));
// Only a connection or a timer can still be open here. Everything that matters is stopped.
process.exit();

/** `npm start`: starts everything, places one order, and stays until it is stopped. @returns exit code. */
async function run(args: string[]): Promise<number> {
  const unknown = args.find((argument) => argument !== '--exit');
  if (unknown !== undefined) {
    progress.complain(`npm start does not know "${unknown}": it takes --exit, to stop after the first order.`);
    return 1;
  }
  const startedAt = Date.now();
  let stack: Stack | undefined;
  try {
    const settings = readStackSettings(process.env);
    stack = await startStack({ settings, progress, signal: stopRequested.signal });
    await showFirstOrder(stack, settings);
    progress.say(`\nUp after ${seconds(Date.now() - startedAt)}.`);
    if (args.includes('--exit')) return 0;
    progress.say('Ctrl-C stops everything.');
    await untilStopped(stack);
    return 0;
  } catch (error) {
    if (stopRequested.signal.aborted) return args.includes('--exit') ? INTERRUPTED : 0;
    if (error instanceof PartCrashed) progress.complain(`\n${error.lastLines.join('\n')}`);
    progress.complain(`\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await stack?.stop();
    if (stack !== undefined) progress.say('Stopped.');
  }
}

async function showFirstOrder(stack: Stack, settings: StackSettings): Promise<void> {
  if (stack.parts.directus === undefined) {
    progress.say(`\nNo schema, no demo data and no order: Directus at ${stack.urls.directus} is not the stack's own.`);
    progress.say(`Gateway ${stack.urls.gateway}, logs in ${shownPath(logFolder(settings.dataDir))}`);
    return;
  }
  const admin = { url: stack.urls.directus, adminToken: stack.secrets.directusAdminToken };
  const checkout = await createDemoQuote(admin);
  const order = await progress.step('First order', (doing) => placeOrder(stack, checkout, doing));
  const checkoutFile = await writeDemoCheckout({ ...admin, dataDir: settings.dataDir });
  for (const line of describe(order, stack, settings)) progress.say(line);
  for (const line of invitation(stack.urls.gateway, settings, checkoutFile)) progress.say(line);
}

function describe(order: PlacedOrder, { urls, supportLogin }: Stack, settings: StackSettings): string[] {
  const { dataDir, temporalNamespace } = settings;
  const workflowId = orderCreationWorkflowId(order.key);
  const fileOf = (name: Secret) => shownPath(secretFile(dataDir, name));
  return [
    '',
    `One order in ${Math.round(order.elapsedMs)} ms:`,
    `  COOCO order        ${order.order_id}`,
    `  RideNDine order    ${order.ridendine_order_id}`,
    `  payment session    ${order.payment_session_id}`,
    '',
    `  order in Directus  ${urls.directus}/admin/content/orders/${order.order_id}`,
    `    log in as        ${DIRECTUS_ADMIN_EMAIL}, password in ${fileOf('directusAdminPassword')}`,
    ...(supportLogin === undefined
      ? []
      : [`    to decide        ${supportLogin.email}, password in ${fileOf('directusSupportPassword')}`]),
    urls.temporalUi === undefined
      ? `  workflow           ${workflowId}, in your Temporal`
      : `  workflow           ${urls.temporalUi}/namespaces/${temporalNamespace}/workflows/${workflowId}`,
    `  gateway            ${urls.gateway}, key in ${fileOf('gatewayKey')}`,
    `  logs               ${shownPath(logFolder(dataDir))}`,
  ];
}

/** Shows a person how to place another order. The lines can be pasted as they are, and hold no credential. */
function invitation(gatewayUrl: string, { dataDir }: StackSettings, checkoutFile: string): string[] {
  return [
    '',
    'An order of your own, from another terminal ("npm run checkout" makes a fresh quote for the next):',
    '',
    `curl -i ${gatewayUrl}/v1/orders \\`,
    `  -H "Authorization: Bearer $(cat ${shellWord(shownPath(secretFile(dataDir, 'gatewayKey')))})" \\`,
    `  -H "Idempotency-Key: $(node -p 'crypto.randomUUID()')" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d @${shellWord(shownPath(checkoutFile))}`,
  ];
}

/** A file name may have blanks in it. */
function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** @throws {PartCrashed} if a part crashes before. */
async function untilStopped(stack: Stack): Promise<void> {
  const { signal } = stopRequested;
  if (!signal.aborted) await Promise.race([failOnCrash(stack), once(signal, 'abort')]);
}
