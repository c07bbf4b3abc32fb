import { randomUUID } from 'node:crypto';
import { createItem, readItems } from '@directus/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { runChecks } from '../../src/cli/doctor/checks.ts';
import type { CheckResult } from '../../src/cli/doctor/checks.ts';
import { directusFlowsCheck } from '../../src/cli/doctor/directus-flows.ts';
import { directusChecks } from '../../src/cli/doctor/directus-checks.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { applySchema } from '../../src/integrations/directus/schema/apply-schema.ts';
import { DECISION_FLOW } from '../../src/integrations/directus/schema/decision-flow.ts';
import { applySupport } from '../../src/integrations/directus/schema/apply-support.ts';
import { applyServiceAccount } from '../../src/integrations/directus/schema/apply-service-account.ts';
import { freePort } from '../support/free-port.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { createCertificates } from '../support/certificates.ts';
import { directusCaller } from '../support/directus-http.ts';
import type { CallDirectus } from '../support/directus-http.ts';
import { startHttpFront, withClockAhead } from '../support/http-front.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import type { PostgresSession } from '../support/postgres-session.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { startTlsFront } from '../support/tls-front.ts';

// Each test breaks something that a check looks at, in a real Directus and its database, and then mends it for the next
// test.

let directus: PreparedDirectus;
let admin: CallDirectus;
let postgres: PostgresSession;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  directus = await startPreparedDirectus();
  admin = directusCaller({ url: directus.url, token: directus.adminToken });
  postgres = await connectToPostgres(directus.postgres);
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(async () => {
  await postgres.close();
  await directus.stop();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const log = () => {};
/** What `npm run directus:apply` does. */
async function apply() {
  const { changed } = await applySchema({ ...directus, log });
  return [...changed, ...(await applyServiceAccount({ ...directus, log }))];
}

/** Runs the checks with the worker's settings and these changes. @returns the results by the name of the check. */
async function examine(environment: Record<string, string> = {}): Promise<Record<string, CheckResult>> {
  const checks = directusChecks({ DIRECTUS_URL: directus.url, DIRECTUS_TOKEN: directus.token, ...environment });
  const results = await runChecks(checks);
  return Object.fromEntries(results.map((result) => [result.check, result]));
}

const asAdministrator = () => ({ DIRECTUS_ADMIN_TOKEN: directus.adminToken });

function verdicts(results: Record<string, CheckResult>): Record<string, string> {
  return Object.fromEntries(Object.entries(results).map(([name, { verdict }]) => [name, verdict]));
}

const ALL_OK = {
  directus: 'ok',
  'directus-permissions': 'ok',
  'directus-schema': 'ok',
  'directus-constraints': 'ok',
  'directus-cache': 'ok',
  'directus-limits': 'ok',
  'directus-flows': 'ok',
  'directus-clock': 'ok',
};

/** Changes directly in the database what Directus remembers, and clears the cache of Directus. */
async function changeRemembered(sql: string): Promise<void> {
  await postgres.sql(sql);
  await admin('POST', '/utils/cache/clear?system=true');
}

/** Whether a read, as the worker makes it, misses an order that was made a moment before. */
async function readsStale(url: string): Promise<boolean> {
  const worker = connectDirectus({ url, token: directus.token, timeoutMs: 10_000 });
  const { idempotency_key: key } = newCheckoutRequest();
  const query = { filter: { idempotency_key: { _eq: key } }, fields: ['id' as const] };
  const read = () => worker.request(readItems('orders', query));
  expect(await read()).toEqual([]);
  await worker.request(createItem('orders', { idempotency_key: key }));
  return (await read()).length === 0;
}

/** What the doctor says of the limits of a Directus with these settings. */
async function limitsOfAnother(variables: Record<string, string>) {
  const another = await directus.startAnother(variables);
  cleanUps.push(() => another.stop());
  return (await examine({ DIRECTUS_URL: another.url }))['directus-limits'];
}

/** What the doctor says of the cache of a Directus with these settings, and whether its reads are stale. */
async function examineAnother(variables: Record<string, string>) {
  const another = await directus.startAnother(variables);
  cleanUps.push(() => another.stop());
  const { 'directus-cache': result } = await examine({ DIRECTUS_URL: another.url });
  return { result, isStale: await readsStale(another.url) };
}

describe('the doctor on a Directus as it should be', () => {
  it('finds nothing wrong, with an administrator who lets it look anew', async () => {
    const results = await examine(asAdministrator());

    expect(verdicts(results)).toEqual(ALL_OK);
    expect(results['directus']?.finding).toMatch(/^Directus 1[12]\.\d+\.\d+ answers at http/);
  });

  it('does not take what Directus remembers of the constraints for what they are', async () => {
    const results = await examine();

    expect(verdicts(results)).toEqual({
      ...ALL_OK,
      'directus-constraints': 'not checked',
      'directus-flows': 'not checked',
    });
    expect(results['directus-constraints']).toMatchObject({
      finding: 'Directus lists every unique constraint, but may remember an old state.',
      advice: expect.stringContaining('DIRECTUS_ADMIN_TOKEN'),
    });
  });

  it('says that the token that should let it look anew is none of an administrator', async () => {
    const results = await examine({ DIRECTUS_ADMIN_TOKEN: directus.token });

    expect(results['directus-constraints']?.verdict).toBe('not checked');
    expect(results['directus-constraints']?.finding).toContain(
      "does not take DIRECTUS_ADMIN_TOKEN for an administrator's",
    );
  });

  it('changes no row', async () => {
    await directus.addQuote(newCheckoutRequest());
    const tables = [
      'stores',
      'customers',
      'quotes',
      'orders',
      'order_items',
      'directus_activity',
      'directus_revisions',
    ];
    const rows = () => Promise.all(tables.map((table) => postgres.sql(`select * from ${table} order by id`)));
    const before = await rows();

    await examine(asAdministrator());

    expect(await rows()).toEqual(before);
  });
});

describe('the check directus', () => {
  it('says that nobody answers there, and checks nothing else', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;

    const results = await examine({ DIRECTUS_URL: url });

    const { directus: _, ...others } = ALL_OK;
    const notChecked = Object.fromEntries(Object.keys(others).map((name) => [name, 'not checked']));
    expect(verdicts(results)).toEqual({ directus: 'problem', ...notChecked });
    expect(results['directus']?.finding).toBe(
      `Directus at ${url} cannot be reached (ECONNREFUSED): check DIRECTUS_URL, and whether it runs.`,
    );
  });

  it('says that the credential is refused, and does not show it', async () => {
    const results = await examine({ DIRECTUS_TOKEN: 'a-token-of-nobody' });

    expect(results['directus']).toMatchObject({
      verdict: 'problem',
      finding: `Directus at ${directus.url} refuses our credential (401).`,
      advice: expect.stringContaining('DIRECTUS_TOKEN'),
    });
    expect(JSON.stringify(results)).not.toContain('a-token-of-nobody');
  });

  it('says that something else answers, that it redirects, or that it is down', async () => {
    const answers: [number, Record<string, string>, string, string][] = [
      [200, { 'content-type': 'text/html' }, '<html></html>', 'Something other than Directus'],
      [302, { location: 'https://elsewhere.example' }, '', 'redirects (302)'],
      [503, { 'content-type': 'application/json' }, '{"errors":[]}', 'answers 503'],
    ];
    for (const [status, headers, body, finding] of answers) {
      const server = await startHttpServer((response) => response.writeHead(status, headers).end(body));
      cleanUps.push(() => server.close());

      const results = await examine({ DIRECTUS_URL: server.url });

      expect(results['directus']).toMatchObject({ verdict: 'problem', finding: expect.stringContaining(finding) });
    }
  });

  it('says that the certificate is not one that this machine accepts, and asks at no address with a password in it', async () => {
    const { port } = new URL(directus.url);
    const front = await startTlsFront({
      target: `127.0.0.1:${port}`,
      certificates: await createCertificates(),
      protocol: 'http/1.1',
    });
    cleanUps.push(() => front.close());

    const results = await examine({ DIRECTUS_URL: `https://${front.address}` });
    const withPassword = await examine({ DIRECTUS_URL: `https://name:word@${front.address}` });

    expect(results['directus']?.finding).toMatch(/do not agree on TLS \([A-Z_]+\).*NODE_EXTRA_CA_CERTS/);
    expect(withPassword['directus']?.verdict).toBe('not checked');
    expect(JSON.stringify(withPassword)).not.toContain('word@');
  });

  it.each([
    ['10.13.1', 'problem', 'too old'],
    ['11.5.0', 'warning', '11.17 to 12'],
    ['11.17.4', 'ok', undefined],
    ['13.0.0', 'warning', '11.17 to 12'],
  ])('takes version %s for %s', async (version, verdict, advice) => {
    const server = await startHttpServer((response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: { version } })),
    );
    cleanUps.push(() => server.close());

    const results = await runChecks(
      directusChecks({ DIRECTUS_URL: server.url, DIRECTUS_TOKEN: directus.token }).slice(0, 1),
    );

    expect(results[0]).toMatchObject({ verdict, finding: `Directus ${version} answers at ${server.url}.` });
    expect(results[0]?.advice ?? '').toContain(advice ?? '');
  });
});

describe('the check directus-permissions', () => {
  const ofTheAccount = `policy = 'c00c0000-0000-4000-8000-0000000000b2'`;
  const orders = `${ofTheAccount} and collection = 'orders'`;
  afterEach(async () => {
    await apply();
  });

  it('names what the account may not do', async () => {
    await changeRemembered(`delete from directus_permissions where ${orders} and action = 'update'`);

    const results = await examine();

    expect(results['directus-permissions']).toMatchObject({
      verdict: 'problem',
      finding: 'Our account may not, or there is no such collection: update orders.',
      advice: expect.stringContaining('npm run directus:apply'),
    });
    expect(results['directus-schema']?.verdict).toBe('not checked');
  });

  it('names the fields that are left out, and rules that hide rows', async () => {
    await changeRemembered(
      `update directus_permissions set fields = 'id,status' where ${ofTheAccount} and collection = 'order_items' and action = 'create'`,
    );
    await changeRemembered(
      `update directus_permissions set permissions = '{"_and":[{"status":{"_eq":"PAID"}}]}' where ${orders} and action = 'read'`,
    );

    const results = await examine();

    const finding = results['directus-permissions']?.finding;
    expect(results['directus-permissions']?.verdict).toBe('problem');
    // Without a licence, Directus 12 ignores rules for single fields or rows, and allows nothing instead.
    const isEleven = results['directus']?.finding.startsWith('Directus 11.');
    expect(finding).toMatch(isEleven ? /read orders \(all rows\)/ : /read orders/);
    expect(finding).toMatch(isEleven ? /create order_items \([^)]*unit_price/ : /create order_items/);
  });

  it('warns of more than is needed', async () => {
    await admin('POST', '/permissions', {
      policy: 'c00c0000-0000-4000-8000-0000000000b2',
      collection: 'orders',
      action: 'delete',
      fields: ['*'],
    });

    const results = await examine();

    expect(results['directus-permissions']).toMatchObject({
      verdict: 'warning',
      finding: 'Our account may do more than orders take: delete orders.',
    });
    expect(results['directus-schema']?.verdict).toBe('ok');
  });

  it('warns of an administrator', async () => {
    const results = await examine({ DIRECTUS_TOKEN: directus.adminToken });

    expect(results['directus-permissions']).toMatchObject({
      verdict: 'warning',
      finding: expect.stringContaining('is an administrator'),
    });
  });
});

describe('the check directus-schema', () => {
  afterEach(async () => {
    await apply();
  });

  it('names a field that is missing', async () => {
    await admin('DELETE', '/fields/orders/failure_reason');

    const results = await examine();

    expect(results['directus-schema']).toMatchObject({
      verdict: 'problem',
      finding: 'Not as orders need it: orders.failure_reason is missing.',
      advice: expect.stringContaining('npm run directus:apply'),
    });
    expect(results['directus-constraints']?.verdict).toBe('not checked');
    expect(await apply()).toEqual(['orders.failure_reason: added']);
  });

  it('notices a column that was dropped where Directus does not see it', async () => {
    await examine();
    await postgres.sql('alter table orders drop column failure_reason');

    const results = await examine();

    expect(results['directus-schema']).toMatchObject({
      verdict: 'problem',
      finding: 'Not as orders need it: orders cannot be read with every column and relation.',
    });
    const anew = await examine(asAdministrator());
    expect(anew['directus-schema']).toMatchObject({
      finding: 'Not as orders need it: orders.failure_reason has no column in the database.',
      advice: expect.stringContaining('delete in Data Studio before'),
    });
    await admin('DELETE', '/fields/orders/failure_reason');
    expect(await apply()).toEqual(['orders.failure_reason: added']);
    expect((await examine())['directus-schema']?.verdict).toBe('ok');
  });

  it('names a field that has another type, or has lost what Directus does with it', async () => {
    await admin('DELETE', '/fields/orders/totals');
    await admin('POST', '/fields/orders', { field: 'totals', type: 'integer', schema: {}, meta: {} });
    await admin('PATCH', '/fields/orders/date_created', { meta: { special: ['cast-timestamp'] } });

    const results = await examine();

    expect(results['directus-schema']?.finding).toBe(
      'Not as orders need it: orders.date_created has lost date-created; orders.totals is integer, not json.',
    );
    await admin('DELETE', '/fields/orders/totals');
    expect(await apply()).toEqual(expect.arrayContaining(['orders.totals: added', 'orders.date_created: changed']));
  });

  it('notices that an order does not know its items, or an item its order', async () => {
    await admin('DELETE', '/relations/order_items/order');

    const results = await examine();

    expect(results['directus-schema']?.verdict).toBe('problem');
    expect(results['directus-schema']?.finding).toContain('orders cannot be read with every column and relation');
    expect(results['directus-schema']?.finding).toContain('order_items cannot be read with every column and relation');
    await apply();
    expect((await examine())['directus-schema']?.verdict).toBe('ok');
  });

  it.each([
    ['orders', 'branch', 'add column branch text not null', 'drop column branch'],
    ['orders', 'store', 'alter column store set not null', 'alter column store drop not null'],
    ['order_items', 'note', 'alter column note set not null', 'alter column note drop not null'],
  ])('names a column that nobody fills and that must not be empty: %s.%s', async (collection, field, change, undo) => {
    await changeRemembered(`alter table ${collection} ${change}`);
    cleanUps.push(() => changeRemembered(`alter table ${collection} ${undo}`));

    const results = await examine();

    expect(results['directus-schema']).toMatchObject({
      verdict: 'problem',
      finding: `Directus refuses orders for what must not be empty in them: ${collection}.${field}.`,
      advice: expect.stringContaining('default value'),
    });
  });

  it('lets columns be that are filled without us', async () => {
    await changeRemembered(
      `alter table orders add column branch text not null default 'main', add column order_no serial not null`,
    );
    cleanUps.push(() => changeRemembered('alter table orders drop column branch, drop column order_no'));

    expect((await examine())['directus-schema']?.verdict).toBe('ok');
  });

  it('warns of a foreign key that the database has lost', async () => {
    await postgres.sql('alter table orders drop constraint orders_customer_foreign');

    const results = await examine(asAdministrator());

    expect(results['directus-schema']).toMatchObject({
      verdict: 'warning',
      finding: expect.stringContaining('orders.customer is no foreign key to customers'),
    });
    expect(await apply()).toEqual(['orders.customer (relation): changed']);
  });
});

describe('the check directus-constraints', () => {
  afterEach(async () => {
    await apply();
  });

  it.each(['idempotency_key', 'active_quote_id', 'ridendine_order_id'])(
    'finds that the database has lost the unique constraint of orders.%s',
    async (field) => {
      // Makes Directus look at the constraint, and remember it.
      await examine();
      await postgres.sql(`alter table orders drop constraint orders_${field}_unique`);

      const remembered = await examine();
      const anew = await examine(asAdministrator());

      expect(remembered['directus-constraints']?.verdict).toBe('not checked');
      expect(anew['directus-constraints']).toMatchObject({
        verdict: 'problem',
        finding: `Nothing keeps these unique, so that a checkout could make two orders: orders.${field}.`,
        advice: expect.stringContaining('npm run directus:apply'),
      });
      expect(await apply()).toEqual([`orders.${field}: changed`]);
      expect((await examine(asAdministrator()))['directus-constraints']?.verdict).toBe('ok');
    },
  );

  it('finds one that was taken away in Directus, without an administrator', async () => {
    await admin('PATCH', '/fields/orders/idempotency_key', { schema: { is_unique: false } });

    const results = await examine();

    expect(results['directus-constraints']).toMatchObject({
      verdict: 'problem',
      finding: expect.stringContaining('orders.idempotency_key'),
    });
  });

  it.each([
    ['of some orders only', "(active_quote_id) where status = 'PAID'"],
    ['of the quote and something else', '(active_quote_id, status)'],
  ])('does not take a unique index %s for the constraint', async (_what, columns) => {
    await postgres.sql('alter table orders drop constraint orders_active_quote_id_unique');
    await postgres.sql(`create unique index not_ours on orders ${columns}`);

    const results = await examine(asAdministrator());

    expect(results['directus-constraints']?.finding).toContain('orders.active_quote_id');
    await postgres.sql('drop index not_ours');
  });
});

describe('the check directus-cache', () => {
  const cache = { CACHE_ENABLED: 'true', CACHE_STORE: 'memory' };

  it(
    'finds a cache that serves what was',
    async () => {
      const { result, isStale } = await examineAnother(cache);

      expect(isStale).toBe(true);
      expect(result).toMatchObject({
        verdict: 'problem',
        finding: expect.stringMatching(/^Directus keeps its answers for a while \(.*max-age=\d+\)\.$/),
        advice: expect.stringContaining('CACHE_ENABLED=false'),
      });
    },
    DIRECTUS_START_TIMEOUT_MS,
  );

  it(
    'finds one that is purged, but not of orders',
    async () => {
      const { result, isStale } = await examineAnother({
        ...cache,
        CACHE_AUTO_PURGE: 'true',
        CACHE_AUTO_PURGE_IGNORE_LIST: 'directus_activity,directus_presets,directus_revisions,orders',
      });

      expect(isStale).toBe(true);
      expect(result).toMatchObject({
        verdict: 'problem',
        finding: expect.stringContaining('CACHE_AUTO_PURGE_IGNORE_LIST'),
      });
    },
    DIRECTUS_START_TIMEOUT_MS,
  );

  it.each([
    ['that is purged at every change', { CACHE_AUTO_PURGE: 'true' }],
    ['past which the worker is let', { CACHE_SKIP_ALLOWED: 'true' }],
  ])(
    'leaves alone one %s',
    async (_what, variables) => {
      const { result, isStale } = await examineAnother({ ...cache, ...variables });

      expect(isStale).toBe(false);
      expect(result?.verdict).toBe('ok');
    },
    DIRECTUS_START_TIMEOUT_MS,
  );

  it('finds a cache between here and Directus', async () => {
    const front = await startHttpFront({ target: directus.url, change: (headers) => ({ ...headers, age: '7' }) });
    cleanUps.push(() => front.close());

    const results = await examine({ DIRECTUS_URL: front.url });

    expect(results['directus-cache']).toMatchObject({
      verdict: 'problem',
      finding: expect.stringContaining('between here and Directus'),
    });
  });

  it('does not guess where the answers do not tell', async () => {
    const front = await startHttpFront({
      target: directus.url,
      change: ({ 'cache-control': _taken, ...headers }) => headers,
    });
    cleanUps.push(() => front.close());

    expect((await examine({ DIRECTUS_URL: front.url }))['directus-cache']?.verdict).toBe('not checked');
  });
});

describe('the check directus-limits', () => {
  it(
    'names the settings by which no order of some size can be written',
    async () => {
      const result = await limitsOfAnother({ MAX_PAYLOAD_SIZE: '100kb', MAX_BATCH_MUTATION: '25' });

      expect(result).toMatchObject({
        verdict: 'problem',
        finding: expect.stringMatching(/a request of 262144 bytes.* an order with 50 lines\.$/),
        advice: expect.stringMatching(/MAX_PAYLOAD_SIZE.*MAX_BATCH_MUTATION/),
      });
    },
    DIRECTUS_START_TIMEOUT_MS,
  );

  it(
    'warns of those by which a very large order cannot be written, or many have to wait',
    async () => {
      const result = await limitsOfAnother({
        MAX_PAYLOAD_SIZE: '512kb',
        MAX_BATCH_MUTATION: '100',
        // As many requests as the doctor itself needs, but few for the time that they cover.
        RATE_LIMITER_ENABLED: 'true',
        RATE_LIMITER_POINTS: '600',
        RATE_LIMITER_DURATION: '60',
        RATE_LIMITER_GLOBAL_ENABLED: 'true',
        RATE_LIMITER_GLOBAL_POINTS: '720',
        RATE_LIMITER_GLOBAL_DURATION: '60',
      });

      expect(result).toMatchObject({
        verdict: 'warning',
        finding: expect.stringMatching(
          /a request of 1000000 bytes.* an order with 500 lines\. .* of 2\.5 orders a second from one address\. .* of 3 orders a second from all together\.$/,
        ),
        advice: expect.stringMatching(
          /MAX_PAYLOAD_SIZE.*MAX_BATCH_MUTATION.*RATE_LIMITER_POINTS and RATE_LIMITER_GLOBAL_POINTS/,
        ),
      });
    },
    DIRECTUS_START_TIMEOUT_MS,
  );

  it(
    'leaves alone limits that no order meets',
    async () => {
      const result = await limitsOfAnother({
        QUERY_LIMIT_MAX: '50',
        MAX_BATCH_MUTATION: '1000',
        MAX_PAYLOAD_SIZE: '2mb',
        RATE_LIMITER_ENABLED: 'true',
        RATE_LIMITER_POINTS: '1000',
      });

      expect(result?.verdict).toBe('ok');
    },
    DIRECTUS_START_TIMEOUT_MS,
  );
});

const flowsCheck = async () => (await examine(asAdministrator()))['directus-flows'];
const addFlows = async (count: number) => {
  for (let made = 0; made < count; made += 1) {
    const { data } = await admin('POST', '/flows', { name: `Flow ${made}`, trigger: 'manual', status: 'active' });
    cleanUps.push(() => admin('DELETE', `/flows/${(data as { id: string }).id}`));
  }
};

describe('the check directus-flows', () => {
  it('finds the form in which support leads decide', async () => {
    await applySupport({ ...directus, gatewayUrl: 'http://gateway.example', log });
    cleanUps.push(() => admin('DELETE', `/flows/${DECISION_FLOW}`));

    expect(await flowsCheck()).toMatchObject({
      verdict: 'ok',
      finding: '1 flows are active, with the form in which support leads decide.',
    });
  });

  it('warns where without a licence there is no room for the form', async () => {
    await addFlows(4);
    expect(await flowsCheck()).toMatchObject({ verdict: 'ok', finding: expect.stringContaining('without the form') });

    await addFlows(1);
    expect(await flowsCheck()).toMatchObject({
      verdict: 'warning',
      finding: '5 flows are active, without the form in which support leads decide.',
      advice: expect.stringContaining('Without a licence Directus 12 allows 5.'),
    });
  });

  it('takes more active flows for a sign of a licence', async () => {
    const flows = Array.from({ length: 6 }, () => ({ id: randomUUID() }));
    const access = { getAsAdministrator: async () => ({ status: 200, json: { data: flows } }) };

    expect(await directusFlowsCheck(() => access as never).run()).toMatchObject({
      verdict: 'ok',
      finding: '6 flows are active, without the form in which support leads decide.',
    });
  });
});

describe('the check directus-clock', () => {
  it.each([
    [-120_000, 'problem', /^This machine's clock is 2 minutes ahead of that of Directus\.$/],
    [120_000, 'problem', /^This machine's clock is 2 minutes behind that of Directus\.$/],
    [30_000, 'warning', /^This machine's clock is \d+ seconds behind that of Directus\.$/],
    [2000, 'ok', /agree/],
  ])('takes a clock that is ahead by %d ms for %s', async (aheadMs, verdict, finding) => {
    const front = await startHttpFront({ target: directus.url, change: withClockAhead(aheadMs) });
    cleanUps.push(() => front.close());

    const results = await examine({ DIRECTUS_URL: front.url });

    expect(results['directus-clock']).toMatchObject({ verdict, finding: expect.stringMatching(finding) });
  });

  it('does not guess where the answers have no date', async () => {
    const front = await startHttpFront({ target: directus.url, change: ({ date: _taken, ...headers }) => headers });
    cleanUps.push(() => front.close());

    expect((await examine({ DIRECTUS_URL: front.url }))['directus-clock']?.verdict).toBe('not checked');
  });
});
