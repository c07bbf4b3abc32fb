import { randomInt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import type { RestartablePart } from '../../stack/start-part.ts';
import type { PartExit } from '../../stack/supervisor.ts';
import { findViolations } from '../chaos/check.ts';
import type { FinalAnswer } from '../chaos/check.ts';
import { createCustomers } from '../chaos/customers.ts';
import { planOrder } from '../chaos/order-plan.ts';
import type { PlannedOrder } from '../chaos/planned-order.ts';
import { addQuotes, addStore } from '../chaos/quotes.ts';
import { seededRandom } from '../chaos/seeded-random.ts';
import { readSnapshot } from '../chaos/snapshot.ts';
import { createSupportDesk } from '../chaos/support-desk.ts';
import { TEMPORAL_SERVER_VERSION } from '../support/find-temporal-server.ts';
import { connectOrderWorld } from '../support/order-world.ts';
import type { OrderWorld } from '../support/order-world.ts';
import { personalData, personalDataIn } from '../support/personal-data.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import { writeFigures } from '../support/reliability-page.ts';
import { runProgram } from '../support/run-program.ts';
import { storedPayloadsOf } from '../support/stored-payloads.ts';
import type { JsonPayload } from '../support/stored-payloads.ts';
import { describeRun } from './figures.ts';
import { startInstallation } from './installation.ts';
import type { Installation } from './installation.ts';
import { killAtMoments } from './kills.ts';
import type { Kill } from './kills.ts';
import { columnsWith } from './stored-text.ts';
import { startTokenIssuer } from './token-issuer.ts';
import type { TokenIssuer } from './token-issuer.ts';
import { newVariables } from './variables.ts';

const ORDERS = 50;
/** How much longer RideNDine takes for each further order, so that the orders are in different steps. */
const LATENCY_STEP_MS = 40;
/** The slowest recovery, plus the longest pause before another attempt, plus a reserve for a busy machine. */
const PATIENCE_MS = 120_000;
/** The first run builds Temporal's server from source. */
const START_TIMEOUT_MS = 15 * 60_000;
const ORDERS_TIMEOUT_MS = 5 * 60_000;

const random = seededRandom(randomInt(1, 2 ** 32), 'production');
const mainOrder = withPersonalData(planOrder(random, { name: 'the first order' }));
const orders = Array.from({ length: ORDERS }, (_, index) => planOrder(random, { name: `order ${index + 1}` }));
const answers: FinalAnswer[] = [];

let issuer: TokenIssuer;
let variables: Record<string, string>;
let installation: Installation;
let connection: Connection;
let world: OrderWorld;

beforeAll(async () => {
  issuer = await startTokenIssuer();
  variables = newVariables({
    CODEC_SERVER_TOKEN_ISSUER: issuer.issuer,
    CODEC_SERVER_TOKEN_KEYS_URL: issuer.keysUrl,
  });
  installation = await startInstallation(variables);
  connection = await Connection.connect({ address: installation.address('temporal', 7233) });
  world = connectOrderWorld({
    temporal: new Client({
      connection,
      dataConverter: dataConverterFor(parseEncryptionKeys(variable('ENCRYPTION_KEYS'))),
    }),
    gateway: { url: url('gateway', 3000), token: variable('GATEWAY_API_KEYS') },
    directus: { url: url('directus', 8055), token: variable('DIRECTUS_ADMIN_TOKEN') },
    sandbox: { url: url('ridendine-sandbox', 4010), token: variable('RIDENDINE_API_KEY') },
  });
  await addStore(world);
  await addQuotes(world, [mainOrder, ...orders]);
  const { name, phone, email } = personalData;
  await world.patch(`/items/customers/${mainOrder.checkout.customer_id}`, { name, phone, email });
}, START_TIMEOUT_MS);
afterAll(async () => {
  await connection?.close();
  await installation?.stop();
  await issuer?.close();
}, 240_000);

describe('the installation of docker-compose.yml', () => {
  it('runs the Temporal server whose version the compose file names', () => {
    expect(installation.service('temporal').image).toBe(`temporalio/server:${TEMPORAL_SERVER_VERSION}`);
  });

  it('makes an order, linked in Directus and at RideNDine, and answers with its ids', async () => {
    const { key, checkout } = mainOrder;

    const response = await world.post(key, checkout);

    const ids = (await response.json()) as Record<string, unknown>;
    answers.push({ key, status: response.status, ids });
    expect(response.status).toBe(201);
    expect(ids['payment_session_id']).toMatch(/^ps_/);
    const [order] = await world.ordersOf(checkout.quote_id);
    const [partnerOrder] = await world.sandboxOrdersOf(String(ids['order_id']));
    expect(order).toMatchObject({ id: ids['order_id'], ridendine_order_id: ids['ridendine_order_id'] });
    expect(partnerOrder).toMatchObject({
      ridendine_order_id: ids['ridendine_order_id'],
      payment_session_id: ids['payment_session_id'],
    });
  });

  it('keeps personal data out of the databases of Temporal, where the id of the quote can be found', async () => {
    const { postgres } = installation;
    const found = async (text: string) => [
      ...(await columnsWith(text, postgres, 'temporal')),
      ...(await columnsWith(text, postgres, 'temporal_visibility')),
    ];

    const places = await Promise.all(Object.values(personalData).map(found));

    expect(places.flat()).toEqual([]);
    expect(await found(mainOrder.checkout.quote_id)).toEqual(
      expect.arrayContaining(['history_node.data', 'executions_visibility.search_attributes']),
    );
    expect(await columnsWith(personalData.note, postgres, 'directus')).toContain('orders.customer_note');
  });

  it('decodes them for who has an access token, through the codec server alone', async () => {
    const stored = await storedPayloadsOf(world.temporal, `order-creation-${mainOrder.key}`);
    const token = await issuer.token(variable('CODEC_SERVER_TOKEN_AUDIENCE'));

    const decoded = await decode(stored, { authorization: `Bearer ${token}` });
    const refused = await decode(stored, {});

    expect(stored.length).toBeGreaterThan(10);
    expect(personalDataIn(stored.map(({ data }) => clearText(data)))).toEqual([]);
    expect(decoded.status).toBe(200);
    const { payloads } = (await decoded.json()) as { payloads: JsonPayload[] };
    expect(personalDataIn(payloads.map(({ data }) => clearText(data)))).toEqual(
      expect.arrayContaining(['name', 'phone', 'email', 'address', 'note']),
    );
    expect(refused.status).toBe(401);
    expect(personalDataIn(await refused.text())).toEqual([]);
  });

  it('is seen by Prometheus, every part of it, with the alerts', async () => {
    let scraped = await readTargets();
    const deadline = Date.now() + 60_000;
    // Prometheus asks each target once per interval, the first time perhaps before the target listens.
    while (scraped.some(({ health }) => health !== 'up') && Date.now() < deadline) {
      await delay(500);
      scraped = await readTargets();
    }
    const { groups } = (await askPrometheus('rules')) as { groups: { rules: { health: string }[] }[] };

    expect(Object.fromEntries(scraped.map(({ labels, health }) => [labels.job, health]))).toEqual({
      worker: 'up',
      gateway: 'up',
      temporal: 'up',
      prometheus: 'up',
    });
    expect(groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(10);
  }, 240_000);

  it(
    `loses, doubles and forgets none of ${ORDERS} orders in flight while Temporal is killed again and again`,
    async () => {
      for (const [index, { checkout }] of orders.entries()) {
        await world.addFault({ kind: 'latency', ms: (index + 1) * LATENCY_STEP_MS, quote_id: checkout.quote_id });
      }
      const supportDesk = createSupportDesk(world);
      const customers = createCustomers({ world, supportDesk, patienceMs: PATIENCE_MS });

      const [kills] = await Promise.all([
        killAtMoments({
          world,
          temporal: part('temporal'),
          quoteIds: orders.map(({ checkout }) => checkout.quote_id),
        }),
        ...orders.map((order) => customers.send(order)),
      ]);

      const lastAnswerMs = performance.now() - lastOf(kills).at;
      answers.push(...customers.answers);
      const snapshot = await readSnapshot(world, { orders: [mainOrder, ...orders], answers });
      const violations = findViolations(snapshot);
      const figures = { orders: ORDERS, kills, requests: customers.requestCount(), lastAnswerMs, violations };
      process.stdout.write(`${describeRun(figures)}\n`);
      if (process.env['PRODUCTION_WRITE'] === '1') await writeFigures('production', describeRun(figures));
      expect(violations).toEqual([]);
      expect(customers.answers).toHaveLength(ORDERS);
      expect(supportDesk.decisionCount()).toBe(0);
      // Without orders in flight, the test would show nothing.
      for (const { inFlight } of kills) expect(inFlight).toBeGreaterThan(0);
    },
    ORDERS_TIMEOUT_MS,
  );

  it('tells of each of them by its key', async () => {
    const found = await Promise.all(orders.map(async ({ key }) => (await world.get(key)).json()));

    const expected = orders.map(({ key }) => answers.find((answer) => answer.key === key)?.ids);
    expect(found).toEqual(
      expected.map((ids) =>
        expect.objectContaining({
          state: 'SUCCEEDED',
          order_id: ids?.['order_id'],
          payment_session_id: ids?.['payment_session_id'],
        }),
      ),
    );
  });

  it('writes no personal data to a log', async () => {
    const files = await readdir(installation.logFolder);
    const logs = await Promise.all(files.map((file) => readFile(path.join(installation.logFolder, file), 'utf8')));

    expect(files).toEqual(expect.arrayContaining(['worker.log', 'gateway.log', 'temporal.log', 'directus.log']));
    expect(logs.join('\n')).toContain(mainOrder.key);
    expect(personalDataIn(logs.join('\n'))).toEqual([]);
  });

  it('forgets a customer: nothing is left of the person in Temporal and in the orders, and the amounts are', async () => {
    const { customer_id: customer, quote_id } = mainOrder.checkout;
    const key = mainOrder.key;
    const before = await placesOfThePerson();
    const forget = (...more: string[]) =>
      runProgram('forget', ['--customer', customer, ...more], {
        TEMPORAL_ADDRESS: installation.address('temporal', 7233),
        DIRECTUS_URL: url('directus', 8055),
        DIRECTUS_ADMIN_TOKEN: variable('DIRECTUS_ADMIN_TOKEN'),
      });
    const by = ['--actor', 'agent-7', '--reason', 'Request 17', '--yes'];

    const tooEarly = await forget(...by);
    const shown = await forget('--dry-run', '--in-flight', '0s');
    const placesThen = await placesOfThePerson();
    const forgotten = await forget(...by, '--in-flight', '0s');
    const again = await forget(...by, '--in-flight', '0s');

    expect(before).toEqual(
      expect.arrayContaining(['orders.customer_note', 'orders.found_by', 'directus_revisions.data']),
    );
    expect(tooEarly).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Nothing was removed: these orders'),
    });
    expect({ ...shown, stdout: '' }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(placesThen).toEqual(before);
    expect(forgotten).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^Removed at .*, by agent-7: /m),
    });
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Nothing is left of this customer here.'),
    });
    // The customer's own row and its versions belong to COOCO, and stay.
    expect((await placesOfThePerson()).filter((place) => !place.startsWith('customers.'))).toEqual([]);
    const [order] = await world.ordersOf(quote_id);
    expect(order).toMatchObject({ status: 'PENDING_PAYMENT', customer_note: null, idempotency_key: key });
    expect(order?.['totals']).toMatchObject({ total: expect.any(Number) });
    expect(order?.['support_actions']).toEqual([expect.objectContaining({ action: 'forget', actor: 'agent-7' })]);
    await expect(world.temporal.workflow.getHandle(`order-creation-${key}`).describe()).rejects.toThrow(/not found/i);
    expect((await world.get(key)).status).toBe(404);
  }, 120_000);

  it('ends no part that nobody has ended', async () => {
    const crash = await Promise.race([installation.crash, Promise.resolve(undefined)]);

    expect(crash?.message).toBeUndefined();
  });

  it('ends each program in order when it is told to, within the time that compose gives it', async () => {
    const endings = new Map<string, unknown>();
    for (const [name, { pid, exited }] of [...installation.parts].toReversed()) {
      const { stop_grace_period: graceMs } = installation.service(name);
      process.kill(pid, 'SIGTERM');
      endings.set(name, await Promise.race([exited, delay(graceMs, `runs after ${graceMs} ms`, { ref: false })]));
    }

    expect(endings).toEqual(new Map([...endings.keys()].map((name) => [name, orderlyEndOf(name)])));
    expect(endings.size).toBeGreaterThanOrEqual(6);
  }, 240_000);
});

/** How a program must end. Directus closes its server, and then ends by the signal that it got. */
function orderlyEndOf(name: string): PartExit {
  return name === 'directus' ? { code: null, signal: 'SIGTERM' } : { code: 0, signal: null };
}

function variable(name: string): string {
  const value = variables[name];
  if (value === undefined) throw new Error(`compose.dev.env does not set ${name}.`);
  return value;
}

function url(service: string, port: number): string {
  return `http://${installation.address(service, port)}`;
}

function part(name: string): RestartablePart {
  const found = installation.parts.get(name);
  if (found === undefined) throw new Error(`${name} does not run.`);
  return found;
}

async function askPrometheus(what: string): Promise<unknown> {
  const response = await fetch(`${url('prometheus', 9090)}/api/v1/${what}`);
  return ((await response.json()) as { data: unknown }).data;
}

async function readTargets() {
  const { activeTargets } = (await askPrometheus('targets')) as {
    activeTargets: { labels: { job: string }; health: string }[];
  };
  return activeTargets;
}

/** All columns with the first customer's personal data. First deletes the versions of the customer's own row. */
async function placesOfThePerson(): Promise<string[]> {
  const { postgres } = installation;
  const session = await connectToPostgres({ ...postgres, database: 'directus' });
  await session.sql(`DELETE FROM directus_revisions WHERE collection = 'customers'`);
  await session.close();
  const { name, phone, email, address, note } = personalData;
  const places = new Set<string>();
  for (const text of [name, phone, email, address, note]) {
    for (const database of ['temporal', 'temporal_visibility', 'directus']) {
      for (const place of await columnsWith(text, postgres, database)) places.add(place);
    }
  }
  return [...places].toSorted();
}

function decode(payloads: JsonPayload[], headers: Record<string, string>): Promise<Response> {
  return fetch(`${url('codec-server', 8888)}/decode`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-namespace': 'default',
      origin: url('temporal-ui', 8080),
      ...headers,
    },
    body: JSON.stringify({ payloads }),
  });
}

function clearText(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString();
}

function withPersonalData(order: PlannedOrder): PlannedOrder {
  const { address, note } = personalData;
  return {
    ...order,
    checkout: {
      ...order.checkout,
      fulfillment_method: 'DELIVERY',
      shipping_snapshot: { address, lat: 40.5, lng: -74.25 },
      customer_note: note,
    },
  };
}

function lastOf(kills: Kill[]): Kill {
  const last = kills.at(-1);
  if (last === undefined) throw new Error('Nothing was killed.');
  return last;
}
