import { randomInt, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import { isDeepStrictEqual } from 'node:util';
import pWaitFor from 'p-wait-for';
import { supportLeadRole } from '../../src/integrations/directus/schema/apply-support.ts';
import { DECISION_FLOW } from '../../src/integrations/directus/schema/decision-flow.ts';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { findViolations } from '../chaos/check.ts';
import { createCustomers } from '../chaos/customers.ts';
import type { Customers } from '../chaos/customers.ts';
import { planOrder } from '../chaos/order-plan.ts';
import type { PlannedOrder } from '../chaos/planned-order.ts';
import { addQuotes, addStore } from '../chaos/quotes.ts';
import { seededRandom } from '../chaos/seeded-random.ts';
import { readSnapshot } from '../chaos/snapshot.ts';
import { createSupportDesk } from '../chaos/support-desk.ts';
import { developmentVariables } from '../support/compose-project.ts';
import { connectOrderWorld } from '../support/order-world.ts';
import type { OrderRow, OrderWorld } from '../support/order-world.ts';
import { writeFigures } from '../support/reliability-page.ts';
import { engineOfThisRun, runEngine } from './engine.ts';
import { describeObservations } from './figures.ts';
import type { Observation } from './figures.ts';
import { prepareInstallation, PROJECT } from './installation.ts';
import type { Installation } from './installation.ts';
import { capabilityMask, confinementOf } from './processes.ts';
import type { Confinement } from './processes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const UP_TIMEOUT_MS = 20 * 60_000;
const TEST_TIMEOUT_MS = 10 * 60_000;
/** The slowest recovery, plus the longest pause before another attempt, plus a reserve for a busy machine. */
const PATIENCE_MS = 5 * 60_000;
const POLL_MS = 200;

const KILLED_ORDERS = 10;
/** How much longer RideNDine takes for each further order, so that the orders are in different steps. */
const LATENCY_STEP_MS = 1000;
/** Longer than a command of Compose takes to begin, shorter than the worker's shutdown grace. */
const LONG_CALL_MS = 10_000;
const UPGRADED_ORDERS = 5;
const RETRY_AFTER_SECONDS = 150;
const FIRST_BUILD = '1.0.0';
const NEXT_BUILD = '1.0.1';

const variables = developmentVariables();
const engine = engineOfThisRun();
const random = seededRandom(randomInt(1, 2 ** 32), 'containers');
const plan = (name: string) => planOrder(random, { name });
const killedOrders = Array.from({ length: KILLED_ORDERS }, (_, index) => plan(`order ${index + 1} under kill -9`));
const interruptedOrder = plan('the order whose worker is stopped');
const decidedOrder = plan('the order that support staff decide about');
const upgradedOrders = Array.from({ length: UPGRADED_ORDERS }, (_, index) => plan(`order ${index + 1} of an upgrade`));

/** What programs say when they may not write. Node reports ENOENT for a folder that it makes with its parents. */
const REFUSED = /EROFS|EACCES|EPERM|ENOENT.*mkdir|read-only file system|permission denied|operation not permitted/i;

const observations: Observation[] = [];
/** The logs so far, by service. They are kept here because a removed container takes its log with it. */
const logs = new Map<string, string>();
let installation: Installation;
let connection: Connection | undefined;
let world: OrderWorld;
let customers: Customers;
let startedAt: number;
let firstOrder: { key: string; ids: Record<string, unknown> };

beforeAll(async () => {
  installation = await prepareInstallation(engine);
  startedAt = performance.now();
  // Docker would reuse the layers of earlier builds.
  if (!engine.hasStandIns) await installation.compose(['build', '--no-cache']);
  await up('--build');
  observe('`up --build --wait` from nothing', await describeContainers(), performance.now() - startedAt);
  await connect();
}, UP_TIMEOUT_MS);
afterAll(async () => {
  await connection?.close();
  await installation?.close();
}, TEST_TIMEOUT_MS);

describe('docker-compose.yml in containers', () => {
  it('takes the order that demo-checkout prints as soon as up --wait returns', async () => {
    const printed = (await installation.logs()).get('demo-checkout') ?? '';
    const command = /^curl -i [\s\S]*$/m.exec(printed)?.[0] ?? '';
    expect(command).toContain('http://127.0.0.1:3000/v1/orders');
    const here = command.replace('127.0.0.1:3000', installation.address('gateway', 3000));

    const { stdout } = await execa('sh', ['-c', here], { cwd: root });

    expect(stdout).toMatch(/^HTTP\/1.1 201 /);
    const [, body = ''] = stdout.split(/\r?\n\r?\n/);
    const ids = JSON.parse(body) as Record<string, unknown>;
    const [, key = ''] = /Idempotency-Key: ([\w-]+)/.exec(command) ?? [];
    firstOrder = { key, ids };
    expect(ids['payment_session_id']).toMatch(/^ps_/);
    observe('the first order, by the curl that `demo-checkout` prints', '201', performance.now() - startedAt);
    const { whole, base } = await installation.imageSize();
    observe('size of the image', `${megabytes(whole)}, of which the base ${megabytes(base)}`);
  });

  it('shows that order in Directus, at RideNDine and in Temporal', async () => {
    const { key, ids } = firstOrder;
    const { data } = await world.directus(`/items/orders/${String(ids['order_id'])}`);
    const partnerOrders = await world.sandboxOrdersOf(String(ids['order_id']));
    const run = await world.temporal.workflow.getHandle(`order-creation-${key}`).describe();
    const ui = await fetch(
      `http://${installation.address('temporal-ui', 8080)}/api/v1/namespaces/default/workflows?query=${encodeURIComponent(
        `WorkflowId = 'order-creation-${key}'`,
      )}`,
    );

    expect(data).toMatchObject({ idempotency_key: key, ridendine_order_id: ids['ridendine_order_id'] });
    expect(partnerOrders).toMatchObject([{ payment_session_id: ids['payment_session_id'] }]);
    expect(run.status.name).toBe('COMPLETED');
    expect(ui.status).toBe(200);
    expect(await ui.text()).toContain(`order-creation-${key}`);
    observe('that order in Directus, at RideNDine, in Temporal and through its UI', 'linked, `COMPLETED`');
  });

  it('makes another demo checkout when it is told to', async () => {
    // With podman, Compose believes that the networks have changed, and would restart all services that this one needs.
    const alone = engine.hasStandIns ? ['--no-deps'] : [];
    const printed = await installation.compose(['run', '--rm', '-T', ...alone, 'demo-checkout']);

    expect(printed).toContain('/v1/orders');
    expect(printed).not.toContain(firstOrder.key);
  });

  it('gives no process of a service root, capabilities, new privileges or a writable root but where the file says so', async () => {
    const found = new Map<string, ReturnType<typeof summaryOf>>();
    const expected = new Map<string, ReturnType<typeof summaryOf>>();
    const privileged: string[] = [];
    let processes = 0;
    for (const { service: name, id } of (await installation.containers()).filter(({ isRunning }) => isRunning)) {
      const { cap_add: added, read_only: isRootReadOnly } = installation.services[name] ?? { cap_add: [] };
      const confinement = await confinementOf(engine, id);
      processes += confinement.processes.length;
      found.set(name, summaryOf(confinement));
      if (added.length > 0) privileged.push(name);
      expected.set(name, {
        isRootReadOnly: isRootReadOnly ?? false,
        strayFiles: [],
        hasNoNewPrivileges: true,
        bounding: capabilityMask(added).toString(16),
        uids: [uidOf(name)],
        effective: ['0'],
      });
    }

    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    expect(privileged).toEqual(['postgres']);
    expect(found.size).toBe(longRunning().length);
    const writable = [...expected].filter(([, { isRootReadOnly }]) => !isRootReadOnly).map(([name]) => name);
    observe(
      'user, capabilities, `NoNewPrivs` and root in `/proc`',
      `${processes} processes in ${found.size} containers, health checks aside: none is root, none has a capability, only those of \`postgres\` could get any; writable root: ${writable.join(', ') || 'none'}`,
    );
  });

  it(
    'is seen by Prometheus, every part of it',
    async () => {
      const allUp = { worker: 'up', gateway: 'up', temporal: 'up', prometheus: 'up' };
      let targets: Record<string, string> = {};
      await pWaitFor(
        async () => {
          targets = await readTargets();
          // Prometheus looks for workers every half minute.
          return isDeepStrictEqual(targets, allUp);
        },
        { interval: POLL_MS, timeout: 120_000 },
      ).catch(() => {});
      const { activeAlertmanagers } = (await askPrometheus('alertmanagers')) as { activeAlertmanagers: unknown[] };

      expect(targets).toEqual(allUp);
      expect(activeAlertmanagers).toHaveLength(1);
      observe("Prometheus' targets, and Alertmanager", 'all up');
    },
    TEST_TIMEOUT_MS,
  );

  it(
    `links all of ${KILLED_ORDERS} orders, each once, when Temporal is killed under them`,
    async () => {
      for (const [index, { checkout }] of killedOrders.entries()) {
        await world.addFault({ kind: 'latency', ms: (index + 1) * LATENCY_STEP_MS, quote_id: checkout.quote_id });
      }
      const sent = killedOrders.map((order) => customers.send(order));
      await pWaitFor(async () => (await linkedOf(killedOrders)) > 0, { interval: POLL_MS, timeout: PATIENCE_MS });

      const container = await installation.containerOf('temporal');
      await killProcess(container, 'temporal-server');
      const killedAt = performance.now();
      const inFlight = killedOrders.length - (await linkedOf(killedOrders));
      await Promise.all(sent);

      // Without orders in flight, the test would show nothing.
      expect(inFlight).toBeGreaterThan(0);
      expect(Number(await runEngine(engine, 'inspect', '--format', '{{.RestartCount}}', container))).toBeGreaterThan(0);
      expect(await violationsOf(killedOrders)).toEqual([]);
      observe(
        `kill -9 of Temporal under ${KILLED_ORDERS} orders`,
        `${inFlight} in flight then; all linked, none doubled`,
        performance.now() - killedAt,
      );
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'lets a worker that is stopped finish the call that it is making',
    async () => {
      const { quote_id } = interruptedOrder.checkout;
      await world.addFault({ kind: 'latency', ms: LONG_CALL_MS, quote_id });
      const sent = customers.send(interruptedOrder);
      await pWaitFor(async () => (await attemptsFor(quote_id)).length > 0, { interval: POLL_MS, timeout: PATIENCE_MS });

      const stoppedAt = performance.now();
      await stop('stop', 'worker');
      const stopMs = performance.now() - stoppedAt;
      const worker = (await installation.containers()).find(({ service }) => service === 'worker');
      const attempts = await attemptsFor(quote_id);
      const linkedBefore = await linkedOf([interruptedOrder]);
      await installation.compose(['start', 'worker']);
      await sent;

      expect(worker).toMatchObject({ isRunning: false, exitCode: 0 });
      expect(attempts).toMatchObject([{ answer: 'response', status: 201 }]);
      expect(linkedBefore).toBe(0);
      expect(await attemptsFor(quote_id)).toHaveLength(1);
      expect(await violationsOf([interruptedOrder])).toEqual([]);
      observe(
        'stop of the worker in mid-call',
        'the call was finished, exit code 0; linked by the next worker, one call',
        stopMs,
      );
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'carries out what a support lead decides with the form in Directus',
    async () => {
      const { key, checkout } = decidedOrder;
      const { quote_id } = checkout;
      await world.addFault({ kind: 'status', status: 503, stored: 'before', quote_id });
      await world.addFault({ kind: 'status', status: 422, quote_id });
      await world.post(key, checkout, { prefer: 'wait=0' });
      const order = await orderOnceIn('NEEDS_REVIEW', quote_id);
      const lead = { id: randomUUID(), email: 'lead@example.com', token: randomUUID() };
      const user = { ...lead, role: supportLeadRole.ids.role, status: 'active' };
      await world.directus('/users', { method: 'POST', body: JSON.stringify(user) });

      const answer = await fetch(`http://${installation.address('directus', 8055)}/flows/trigger/${DECISION_FLOW}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${lead.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ collection: 'orders', keys: [order.id], decision: 'retry', reason: 'Ticket 1' }),
      });

      expect({ status: answer.status, text: await answer.text() }).toMatchObject({ status: 200 });
      const decided = await orderOnceIn('PENDING_PAYMENT', quote_id);
      expect(decided['support_actions']).toMatchObject([
        { action: 'retry', actor: `${lead.email} (${lead.id})`, reason: 'Ticket 1' },
      ]);
      await customers.send(decidedOrder);
      expect(await violationsOf([decidedOrder])).toEqual([]);
      observe('a decision with the form in Directus, by a support lead', 'carried out, under their name');
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'has the same orders after down and up',
    async () => {
      const before = await counts();
      const downAt = performance.now();
      await stop('stop');
      // After the stop, so that the logs include what the services write at their end.
      await keepLogs();
      await stop('down');
      const downMs = performance.now() - downAt;
      expect(await installation.containers()).toEqual([]);

      const upAt = performance.now();
      await up();
      const upMs = performance.now() - upAt;
      await connect();

      expect(await counts()).toEqual(before);
      expect(before).toEqual({
        directus: KILLED_ORDERS + 3,
        ridendine: KILLED_ORDERS + 3,
        temporal: KILLED_ORDERS + 3,
      });
      const { key, ids } = firstOrder;
      expect(await (await world.get(key)).json()).toMatchObject({ order_id: ids['order_id'] });
      observe('`stop` and `down`', 'no container is left', downMs);
      observe(
        '`up --wait` again',
        `the same ${before.directus} orders in Directus, at RideNDine and in Temporal`,
        upMs,
      );
    },
    UP_TIMEOUT_MS,
  );

  it(
    'hands orders in flight to a new build',
    async () => {
      // Podman would reuse the layers that were built with another BUILD_ID.
      const isBuiltBefore = engine.hasStandIns;
      if (isBuiltBefore) await installation.compose(['build', '--no-cache'], { BUILD_ID: NEXT_BUILD });
      for (const { checkout } of upgradedOrders) {
        await world.addFault({
          kind: 'status',
          status: 503,
          // The upgrade also replaces the sandbox, which forgets its faults. The next call must come after that.
          retry_after: RETRY_AFTER_SECONDS,
          quote_id: checkout.quote_id,
        });
      }
      const sent = upgradedOrders.map((order) => customers.send(order));
      await pWaitFor(async () => (await callsTo(upgradedOrders)) === UPGRADED_ORDERS, {
        interval: POLL_MS,
        timeout: PATIENCE_MS,
      });
      expect(await buildsOf(upgradedOrders)).toEqual(new Set([FIRST_BUILD]));
      await keepLogs();

      const upgradedAt = performance.now();
      await up(isBuiltBefore ? undefined : '--build', { BUILD_ID: NEXT_BUILD });
      const upgradeMs = performance.now() - upgradedAt;
      await connect();
      expect(await linkedOf(upgradedOrders)).toBe(0);
      await world.clearFaults();
      await Promise.all(sent);

      expect(await violationsOf(upgradedOrders)).toEqual([]);
      expect(await buildsOf(upgradedOrders)).toEqual(new Set([NEXT_BUILD]));
      observe(
        '`up --wait` with the image of another `BUILD_ID`',
        `${UPGRADED_ORDERS} orders in flight, all linked by the new build`,
        upgradeMs,
      );
    },
    UP_TIMEOUT_MS,
  );

  it('writes in no log that something was refused by the file system', async () => {
    await keepLogs();
    const refused = [...logs].flatMap(([service, text]) =>
      text
        .split('\n')
        .filter((line) => REFUSED.test(line))
        .map((line) => `${service}: ${line}`),
    );

    expect(refused).toEqual([]);
    expect(logs.get('postgres')).toContain('database system is shut down');
    expect(logs.get('postgres')).not.toContain('was not properly shut down');
    expect([...logs.keys()].toSorted()).toEqual(Object.keys(installation.services).toSorted());
    observe('EROFS, EACCES and EPERM in the logs', `none in those of ${logs.size} services`);
  });

  it(
    'leaves nothing after down --volumes',
    async () => {
      await stop('down', '--volumes');

      const label = `label=com.docker.compose.project=${PROJECT}`;
      expect(await runEngine(engine, 'ps', '--all', '--quiet', '--filter', label)).toBe('');
      expect(await runEngine(engine, 'volume', 'ls', '--quiet', '--filter', label)).toBe('');
      expect(await runEngine(engine, 'network', 'ls', '--quiet', '--filter', label)).toBe('');
      const { version } = JSON.parse(
        await runEngine(engine, 'version', '--format', '{"version":"{{.Server.Version}}"}'),
      ) as {
        version: string;
      };
      const figures = describeObservations(
        `${engine.name} ${version}${engine.hasStandIns ? ' with stand-ins for third-party images' : ''}`,
        observations,
      );
      process.stdout.write(`${figures}\n`);
      if (process.env['CONTAINERS_WRITE'] === '1') await writeFigures('containers', figures);
    },
    TEST_TIMEOUT_MS,
  );
});

const UID_OF_POSTGRES = 999;
const UID_OF_NOBODY = 65_534;
const UID_OF_GRAFANA = 472;

/** The user id of a service: the compose file's, or else the image's. */
function uidOf(name: string): number {
  const { user } = installation.services[name] ?? {};
  if (user !== undefined) return Number(user.split(':')[0]);
  if (name === 'postgres') return UID_OF_POSTGRES;
  if (name === 'prometheus' || name === 'alertmanager') return UID_OF_NOBODY;
  if (name === 'grafana') return UID_OF_GRAFANA;
  return 1000;
}

function summaryOf({ processes, isRootReadOnly, strayFiles }: Confinement) {
  return {
    isRootReadOnly,
    strayFiles: strayFiles.filter((file) => !file.startsWith('/run/postgresql/')),
    hasNoNewPrivileges: processes.every((process) => process.hasNoNewPrivileges),
    bounding: [...new Set(processes.map(({ bounding }) => bounding.toString(16)))].join(' '),
    uids: [...new Set(processes.map(({ uid }) => uid))].toSorted((a, b) => a - b),
    effective: [...new Set(processes.map(({ effective }) => effective.toString(16)))].toSorted(),
  };
}

function longRunning(): string[] {
  return Object.entries(installation.services)
    .filter(([, { restart }]) => restart === 'unless-stopped')
    .map(([name]) => name);
}

async function up(build?: '--build', more: Record<string, string> = {}): Promise<void> {
  await installation.compose(['up', ...(build ? [build] : []), '--wait'], more);
}

/** Podman forgets how long a service may take to end, and would kill it at once. So the command names the time. */
async function stop(command: 'stop' | 'down', ...args: string[]): Promise<void> {
  const graces = Object.values(installation.services).map(({ stop_grace_period: graceMs }) => graceMs / 1000);
  const timeout = engine.hasStandIns ? ['--timeout', String(Math.max(...graces))] : [];
  await installation.compose([command, ...timeout, ...args]);
}

/** Connects anew after each start: the ports stay the same, but connections break. */
async function connect(): Promise<void> {
  await connection?.close();
  connection = await Connection.connect({ address: installation.address('temporal', 7233) });
  const url = (service: string, port: number) => `http://${installation.address(service, port)}`;
  const connected = connectOrderWorld({
    temporal: new Client({
      connection,
      dataConverter: dataConverterFor(parseEncryptionKeys(variable('ENCRYPTION_KEYS'))),
    }),
    gateway: { url: url('gateway', 3000), token: variable('GATEWAY_API_KEYS') },
    directus: { url: url('directus', 8055), token: variable('DIRECTUS_ADMIN_TOKEN') },
    sandbox: { url: url('ridendine-sandbox', 4010), token: variable('RIDENDINE_API_KEY') },
  });
  const isFirst = world === undefined;
  world = connected;
  if (!isFirst) return;
  customers = createCustomers({ world, supportDesk: createSupportDesk(world), patienceMs: PATIENCE_MS });
  await addStore(world);
  await addQuotes(world, [...killedOrders, interruptedOrder, decidedOrder, ...upgradedOrders]);
}

function observe(what: string, seen: string, ms?: number): void {
  observations.push({ what, seen, ...(ms === undefined ? {} : { ms }) });
}

async function keepLogs(): Promise<void> {
  for (const [service, text] of await installation.logs()) logs.set(service, (logs.get(service) ?? '') + text);
}

async function describeContainers(): Promise<string> {
  const containers = await installation.containers();
  const running = containers.filter(({ isRunning }) => isRunning).length;
  return `${running} containers run, ${containers.length - running} have ended`;
}

/** The violations in these orders, found by a check that shares no code with the product. */
async function violationsOf(orders: PlannedOrder[]) {
  const keys = new Set(orders.map(({ key }) => key));
  const quotes = new Set(orders.map(({ checkout }) => checkout.quote_id));
  const answers = customers.answers.filter(({ key }) => keys.has(key));
  const snapshot = await readSnapshot(world, { orders, answers });
  return findViolations({
    ...snapshot,
    orders: snapshot.orders.filter((order) => keys.has(String(order['idempotency_key']))),
    partnerOrders: snapshot.partnerOrders.filter(({ quote_id }) => quotes.has(quote_id)),
  });
}

async function linkedOf(orders: PlannedOrder[]): Promise<number> {
  const rows = await Promise.all(orders.map(({ checkout }) => world.ordersOf(checkout.quote_id)));
  return rows.flat().filter((row) => row['ridendine_order_id'] !== null).length;
}

async function orderOnceIn(status: string, quoteId: string): Promise<OrderRow> {
  return await pWaitFor(
    async () => {
      const [order] = await world.ordersOf(quoteId);
      return order?.['status'] === status && pWaitFor.resolveWith(order);
    },
    { interval: POLL_MS, timeout: PATIENCE_MS },
  );
}

async function attemptsFor(quoteId: string) {
  const { attempts } = await world.sandbox('/sandbox/attempts');
  return (attempts as { quote_id: string; answer: string; status: number }[]).filter(
    ({ quote_id }) => quote_id === quoteId,
  );
}

/** For how many of the orders RideNDine has been called. */
async function callsTo(orders: PlannedOrder[]): Promise<number> {
  const attempts = await Promise.all(orders.map(({ checkout }) => attemptsFor(checkout.quote_id)));
  return attempts.filter((found) => found.length > 0).length;
}

/** The builds of the workers that the orders' runs are assigned to. */
async function buildsOf(orders: PlannedOrder[]): Promise<Set<string | undefined>> {
  const runs = await Promise.all(
    orders.map(({ key }) => world.temporal.workflow.getHandle(`order-creation-${key}`).describe()),
  );
  return new Set(
    runs.map(({ raw }) => raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined),
  );
}

async function counts() {
  const { data } = await world.directus('/items/orders?fields=id&limit=-1');
  const { orders } = await world.sandbox('/sandbox/orders');
  const expected = (data as unknown[]).length;
  let temporal = -1;
  // Temporal's list of runs lags behind.
  await pWaitFor(
    async () => {
      ({ count: temporal } = await world.temporal.workflow.count("WorkflowType = 'orderCreation'"));
      return temporal === expected;
    },
    { interval: POLL_MS, timeout: 30_000 },
  ).catch(() => {});
  return { directus: expected, ridendine: (orders as unknown[]).length, temporal };
}

/** Kills a process from inside its container. The engine then restarts the container, as the compose file says. */
async function killProcess(container: string, name: string): Promise<void> {
  const script = `for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = ${name} ] && kill -9 "\${p#/proc/}"; done; true`;
  await runEngine(engine, 'exec', container, 'sh', '-c', script).catch(() => {
    // The container ends with its process, and this command ends with the container.
  });
}

async function readTargets(): Promise<Record<string, string>> {
  const { activeTargets } = (await askPrometheus('targets')) as {
    activeTargets: { labels: { job: string }; health: string }[];
  };
  return Object.fromEntries(activeTargets.map(({ labels, health }) => [labels.job, health]));
}

async function askPrometheus(what: string): Promise<unknown> {
  const response = await fetch(`http://${installation.address('prometheus', 9090)}/api/v1/${what}`);
  return ((await response.json()) as { data: unknown }).data;
}

function variable(name: string): string {
  const value = variables[name];
  if (value === undefined) throw new Error(`compose.dev.env does not set ${name}.`);
  return value;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
