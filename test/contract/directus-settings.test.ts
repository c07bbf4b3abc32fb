import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { continueLostOrdersWith } from '../../src/activities/continue-lost-orders.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { directusCaller } from '../support/directus-http.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { failureOf, openStanding, workerActivities } from '../support/worker-activities.ts';

// A Directus that somebody else has set up. These tests show which settings and columns do not stop orders.
// `npm run doctor` names the settings that do stop them (doctor-directus.test.ts).

let directus: PreparedDirectus;
beforeAll(async () => {
  directus = await startPreparedDirectus();
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(() => directus.stop());

const newLink = () => ({ ridendine_order_id: `r-${randomUUID()}`, payment_session_id: `p-${randomUUID()}` });

async function unlinkedOrder(url: string) {
  const worker = workerActivities({ ...directus, url });
  const request = newCheckoutRequest();
  await directus.addQuote(request);
  const record = await worker.createOrderRecord({ request, standing: await openStanding(worker, request) });
  return { worker, request, orderId: record.order_id };
}

/** Runs every page of a sweep. @returns the keys of the orders that the sweep wants to continue. */
async function sweep(url: string): Promise<string[]> {
  const keys: string[] = [];
  const continueLostOrders = continueLostOrdersWith({
    orders: createOrdersStore(connectDirectus({ url, token: directus.token, timeoutMs: 10_000 })),
    runs: {
      continueOrder: async ({ idempotencyKey }) => {
        keys.push(idempotencyKey);
        return 'is open';
      },
      findFailure: async () => null,
      decide: async () => null,
      requestCancellation: async () => {},
      stopAttempts: async () => null,
    },
  });
  const created_before = new Date(Date.now() + 60_000).toISOString();
  for (let skip = 0; ;) {
    const input = { created_before, skip };
    const activity = () => continueLostOrders(input);
    const page = await new MockActivityEnvironment().run<[], Awaited<ReturnType<typeof activity>>, typeof activity>(
      activity,
    );
    skip += page.unfinished;
    if (page.is_last) return keys;
  }
}

describe('a Directus that may reach one address of its machine, by the IMPORT_IP_DENY_LIST of docs/operations.md', () => {
  it(
    'reaches that one and no other',
    async () => {
      const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
      const [, IMPORT_IP_DENY_LIST = ''] = /`IMPORT_IP_DENY_LIST=([^`]+)`/.exec(page) ?? [];
      const [, left = ''] = /`GATEWAY_HOST=([^`]+)`/.exec(page) ?? [];
      const asked: string[] = [];
      const server = createServer(({ headers }, response) => {
        asked.push(headers.host ?? '');
        response.end('a file');
      });
      await once(server.listen(0, '0.0.0.0'), 'listening');
      const { port } = server.address() as AddressInfo;
      const another = await directus.startAnother({ IMPORT_IP_DENY_LIST });
      const admin = directusCaller({ url: another.url, token: directus.adminToken });
      try {
        for (const host of ['127.0.0.1', 'localhost', '127.0.0.3', left]) {
          await admin('POST', '/files/import', { url: `http://${host}:${port}/` });
        }
      } finally {
        await another.stop();
        server.close();
      }

      // Systems other than Linux do not have the address 127.0.0.2.
      expect([left, asked]).toEqual(['127.0.0.2', process.platform === 'linux' ? [`${left}:${port}`] : []]);
    },
    DIRECTUS_START_TIMEOUT_MS,
  );
});

describe('a Directus with tight limits on queries', () => {
  it.each<Record<string, string>>([
    { QUERY_LIMIT_MAX: '2', QUERY_LIMIT_DEFAULT: '1' },
    {
      QUERY_LIMIT_MAX: '50',
      MAX_RELATIONAL_DEPTH: '2',
      QUERYSTRING_MAX_PARSE_DEPTH: '1',
      QUERYSTRING_ARRAY_LIMIT: '1',
      RELATIONAL_BATCH_SIZE: '1',
      MAX_JSON_QUERY_DEPTH: '1',
    },
  ])(
    'takes orders through every step, and every one of them is swept up: %p',
    async (variables) => {
      const another = await directus.startAnother(variables);
      try {
        const orders = [];
        for (let count = 0; count < 3; count += 1) orders.push(await unlinkedOrder(another.url));

        const swept = await sweep(another.url);
        const store = createOrdersStore(
          connectDirectus({ url: another.url, token: directus.token, timeoutMs: 10_000 }),
        );
        const before = await store.countWaitingOrders();
        for (const { worker, orderId } of orders) {
          await worker.markOrder({
            order_id: orderId,
            status: 'NEEDS_REVIEW',
            failure_code: 'LinkConflict',
            failure_reason: 'Two links.',
          });
          await worker.markOrder({
            order_id: orderId,
            status: 'PENDING_PAYMENT',
            failure_code: null,
            failure_reason: null,
            support_action: {
              id: randomUUID(),
              at: '2026-01-01T00:00:00Z',
              actor: 'pat',
              action: 'retry',
              reason: 'ok',
            },
          });
          const typed_by_hand = { ids_checked: false };
          await worker.saveLinkIds({ order_id: orderId, link: newLink(), typed_by_hand });
        }

        expect(new Set(swept)).toEqual(new Set(orders.map(({ request }) => request.idempotency_key)));
        expect(before.unlinked).toBe(3);
        expect(await sweep(another.url)).toEqual([]);
      } finally {
        await another.stop();
      }
    },
    DIRECTUS_START_TIMEOUT_MS,
  );
});

// These tests come last, because they change the quotes.
describe('a Directus whose quotes have UUIDs', () => {
  beforeAll(async () => {
    const postgres = await connectToPostgres(directus.postgres);
    await postgres.sql('delete from quotes');
    await postgres.sql('alter table quotes alter column id drop default, alter column id type uuid using id::uuid');
    await postgres.close();
    const admin = directusCaller({ url: directus.url, token: directus.adminToken });
    await admin('POST', '/utils/cache/clear?system=true');
  });

  it.each(['quote-1', '6d8f5f0e-8c3e-4a53-9a68', '6d8f5f0e-8c3e-4a53-9a68-0b1a1f2c7d1z', "' or 1=1", '12'])(
    'has no quote with the id %p, and says so at once',
    async (quote_id) => {
      const failure = await failureOf(workerActivities(directus).validateCheckout(newCheckoutRequest({ quote_id })));

      expect(failure).toMatchObject({ type: 'QuoteNotFound', nonRetryable: true });
    },
  );

  it('makes one live order of a quote, however its id is spelled', async () => {
    const worker = workerActivities(directus);
    const quote_id = randomUUID();
    const first = newCheckoutRequest({ quote_id });
    await directus.addQuote(first);
    await worker.createOrderRecord({ request: first, standing: await openStanding(worker, first) });
    const second = { ...first, quote_id: quote_id.toUpperCase(), idempotency_key: randomUUID() };

    const failure = await failureOf(
      worker.createOrderRecord({ request: second, standing: await openStanding(worker, second) }),
    );

    expect(failure).toMatchObject({ type: 'QuoteAlreadyUsed' });
  });

  it('is trouble all the same if its database fails for another reason', async () => {
    const postgres = await connectToPostgres(directus.postgres);
    await postgres.sql('alter table quotes rename column totals to totals_moved');
    try {
      const request = newCheckoutRequest({ quote_id: randomUUID() });
      expect(await failureOf(workerActivities(directus).validateCheckout(request))).toMatchObject({
        type: 'DirectusUnavailable',
        nonRetryable: false,
      });
    } finally {
      await postgres.sql('alter table quotes rename column totals_moved to totals');
      await postgres.close();
    }
  });
});
