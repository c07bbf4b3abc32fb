import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applySchema } from '../../src/integrations/directus/schema/apply-schema.ts';
import { applyServiceAccount } from '../../src/integrations/directus/schema/apply-service-account.ts';
import { applySupport, supportLeadRole, supportRole } from '../../src/integrations/directus/schema/apply-support.ts';
import { ensureSupportUser } from '../../stack/directus/support-user.ts';
import { createDemoQuote, seed } from '../../sandbox/shop/demo-data.ts';
import { directusCaller, type CallDirectus } from '../support/directus-http.ts';
import { randomSecret, startEmbeddedDirectus, type EmbeddedDirectus } from '../support/embedded-directus.ts';
import { newItemRow, newOrderRow } from '../support/order-rows.ts';
import { connectToPostgres, type PostgresSession } from '../support/postgres-session.ts';

const START_TIMEOUT_MS = 90_000;
const log = () => {};
const workflowLink = { temporalUiUrl: 'http://127.0.0.1:8233/', namespace: 'default' };
const collections = ['stores', 'customers', 'quotes', 'orders', 'order_items'];
const bookmarks = ['Needs review', 'Failed today', 'Waiting for RideNDine'];

let directus: EmbeddedDirectus;
let database: PostgresSession;
let admin: CallDirectus;
/** Calls Directus as a user to whom the administrator has given the role. */
let support: CallDirectus;
let supportUserId: string;
let firstRun: string[];

beforeAll(async () => {
  directus = await startEmbeddedDirectus();
  database = await connectToPostgres(directus.postgres);
  const { url, adminToken } = directus;
  admin = directusCaller({ url, token: adminToken });
  await applySchema({ url, adminToken, workflowLink, log });
  await applyServiceAccount({ url, adminToken, token: randomSecret(), log });
  firstRun = await apply();
  await seed({ url, adminToken });

  const login = { email: 'agent-7@example.com', password: randomSecret() };
  const made = await admin('POST', '/users', { ...login, role: supportRole.ids.role });
  supportUserId = (made.data as { id: string }).id;
  support = directusCaller({ url, token: await tokenOf(login) });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await database.close();
  await directus.stop();
});

const apply = () => applySupport({ ...directus, log });

/** Logs in as Data Studio does. */
async function tokenOf(login: { email: string; password: string }): Promise<string> {
  const { status, data } = await directusCaller(directus)('POST', '/auth/login', login);
  expect(status).toBe(200);
  return (data as { access_token: string }).access_token;
}

/** @param age how long ago the order was written. The database sets that, because Directus takes no such value. */
async function addOrder(fields: Record<string, unknown> = {}, age = '0 s') {
  const order = newOrderRow(await createDemoQuote(directus), fields);
  expect((await admin('POST', '/items/orders', order)).status).toBe(200);
  await database.sql('update orders set date_created = now() - $1::interval where id = $2', age, order.id);
  return order;
}

interface Preset {
  id: number;
  bookmark: string | null;
  role: string | null;
  user: string | null;
  icon: string;
  color: string | null;
  filter: object | null;
  layout_query: { tabular: { fields: string[]; sort: string[] } };
}

/** The presets that everybody sees, requested as the app does. */
async function shared(call: CallDirectus): Promise<Preset[]> {
  const { data } = await call('GET', '/presets?filter[role][_null]=true&filter[user][_null]=true&sort=id');
  return data as Preset[];
}

describe('applySupport', () => {
  it('says what it has made, and changes nothing the second time', async () => {
    expect(firstRun).toEqual([
      'support role, roles: added',
      'support role, policies: added',
      'support role, access: added',
      ...collections.map((collection) => `support role, permission read ${collection}: added`),
      'support lead role, roles: added',
      'support lead role, policies: added',
      'support lead role, access: added',
      ...[...collections, 'directus_flows'].map((name) => `support lead role, permission read ${name}: added`),
      ...['for everybody', ...bookmarks].map((name) => `order list ${name}: added`),
    ]);
    expect(await apply()).toEqual([]);
  });

  it('restores what somebody has changed, and says so', async () => {
    const { role, policy } = supportRole.ids;
    const [list] = await shared(admin);
    await admin('PATCH', `/policies/${policy}`, { app_access: false });
    await admin('PATCH', `/roles/${role}`, { name: 'Renamed' });
    await admin('POST', '/permissions', { policy, collection: 'orders', action: 'update', fields: ['*'] });
    await admin('PATCH', `/presets/${list?.id}`, { layout_query: { tabular: { fields: ['id'] } } });

    expect(await apply()).toEqual([
      'support role, roles: changed',
      'support role, policies: changed',
      'support role, permission update orders: removed',
      'order list for everybody: changed',
    ]);
    expect(await apply()).toEqual([]);
    expect(await shared(admin)).toContainEqual(list);
  });

  it('adds all of it to a Directus whose orders are older', async () => {
    const order = await addOrder();
    await admin('DELETE', '/fields/orders/support_actions');
    for (const { id } of await shared(admin)) await admin('DELETE', `/presets/${id}`);
    await admin('PATCH', `/users/${supportUserId}`, { role: null });
    for (const { role, policy } of [supportRole.ids, supportLeadRole.ids]) {
      await admin('DELETE', `/roles/${role}`);
      await admin('DELETE', `/policies/${policy}`);
    }

    const { changed } = await applySchema({ ...directus, workflowLink, log });
    expect(changed).toEqual(['orders.support_actions: added']);
    expect((await apply()).toSorted()).toEqual(firstRun.toSorted());

    await admin('PATCH', `/users/${supportUserId}`, { role: supportRole.ids.role });
    const { data } = await support('GET', `/items/orders/${order.id}?fields=support_actions`);
    expect(data).toEqual({ support_actions: null });
    expect(await apply()).toEqual([]);
  });
});

describe('the support role', () => {
  it('shows the orders, each with its items, customer, store and quote', async () => {
    const action = { id: 'a', at: '2026-01-01T10:00:00Z', actor: 'agent-7', action: 'retry', reason: 'They are back.' };
    const [store] = (await admin('GET', '/items/stores?filter[name][_eq]=Kitchen One')).data as { id: string }[];
    const order = await addOrder({
      store: store?.id,
      order_items: { create: [newItemRow()] },
      support_actions: [action],
    });

    const list = await support('GET', '/items/orders?fields=*,customer.name,store.name&sort=-date_created&limit=1');
    const one = await support('GET', `/items/orders/${order.id}?fields=*,customer.*,store.*,order_items.*`);
    const quote = await support('GET', `/items/quotes/${order.quote_id}`);

    expect(list.data).toEqual([expect.objectContaining({ id: order.id, customer: { name: 'Customer One' } })]);
    expect(one.data).toMatchObject({
      workflow_id: order.workflow_id,
      customer: { email: 'customer-one@example.com' },
      store: { name: 'Kitchen One' },
      order_items: [{ quantity: 2 }],
      support_actions: [action],
    });
    expect(quote.data).toMatchObject({ id: order.quote_id });
  });

  it('is shown the form with the button to the workflow, the actions and the coloured status', async () => {
    const { data } = await support('GET', '/fields/orders');
    const fields = new Map((data as { field: string; meta: unknown }[]).map(({ field, meta }) => [field, meta]));

    expect(fields.get('workflow_link')).toMatchObject({
      options: {
        links: [
          {
            url: 'http://127.0.0.1:8233/namespaces/default/workflows/{{workflow_id}}/{{workflow_run_id}}/user-metadata',
          },
        ],
      },
    });
    expect(fields.get('support_actions')).toMatchObject({
      interface: 'list',
      readonly: true,
      options: { template: '{{at}} {{action}} by {{actor}}: {{reason}}' },
    });
    expect(fields.get('status')).toMatchObject({
      display: 'labels',
      display_options: {
        choices: expect.arrayContaining([expect.objectContaining({ value: 'FAILED', background: '#E35169' })]),
      },
    });
  });

  it.each(collections)('adds, changes and deletes nothing of %s', async (collection) => {
    await addOrder({ order_items: { create: [newItemRow()] } });
    const path = `/items/${collection}`;
    const before = (await admin('GET', `${path}?limit=-1`)).data as { id: string }[];
    const id = before[0]?.id;

    const attempts = [
      await support('POST', path, { id: randomUUID() }),
      await support('PATCH', `${path}/${id}`, { id }),
      await support('PATCH', path, { query: { limit: -1 }, data: { id } }),
      await support('DELETE', `${path}/${id}`),
      await support('DELETE', path, [id]),
    ];

    expect(attempts.map(({ codes }) => codes)).toEqual(attempts.map(() => ['FORBIDDEN']));
    expect((await admin('GET', `${path}?limit=-1`)).data).toEqual(before);
  });

  it.each(['/users', '/roles', '/policies', '/permissions', '/flows', '/files', '/schema/snapshot'])(
    'shows nothing of other people and of Directus itself: %s',
    async (path) => {
      const { status, data } = await support('GET', path);
      const rows = (Array.isArray(data) ? data : []) as { id: string }[];
      const own = new Set([supportUserId, supportRole.ids.role]);
      expect(rows.filter(({ id }) => !own.has(id))).toEqual([]);
      expect(status === 403 || Array.isArray(data)).toBe(true);
    },
  );

  it('cannot raise itself', async () => {
    const [administrators] = (await admin('GET', '/roles?filter[name][_eq]=Administrator&fields=id')).data as {
      id: string;
    }[];
    const { policy } = supportRole.ids;
    const attempts = [
      await support('PATCH', '/users/me', { role: administrators?.id }),
      await support('PATCH', `/users/${supportUserId}`, { role: administrators?.id }),
      await support('PATCH', `/policies/${policy}`, { admin_access: true }),
      await support('POST', '/permissions', { policy, collection: 'orders', action: 'delete', fields: ['*'] }),
      await support('PATCH', '/fields/orders/status', { meta: { readonly: false } }),
      await support('DELETE', '/collections/orders'),
    ];
    expect(attempts.map(({ status }) => status)).toEqual(attempts.map(() => 403));
  });
});

describe('the lists of orders', () => {
  const roles: [string, () => CallDirectus][] = [
    ['an administrator', () => admin],
    ['support staff', () => support],
  ];

  it.each(roles)(
    'are shown to %s: the newest first, and a bookmark for each thing to look after',
    async (_who, call) => {
      const [everybody, ...named] = await shared(call());

      expect(everybody).toMatchObject({
        bookmark: null,
        filter: null,
        layout_query: {
          tabular: {
            fields: [
              'status',
              'at_ridendine',
              'customer',
              'store',
              'total',
              'date_created',
              'id',
              'failure_code',
              'ridendine_order_id',
            ],
            sort: ['-date_created'],
          },
        },
      });
      expect(named.map(({ bookmark, icon, color }) => ({ bookmark, icon, color }))).toEqual([
        { bookmark: 'Needs review', icon: 'rate_review', color: '#FFA439' },
        { bookmark: 'Failed today', icon: 'error', color: '#E35169' },
        { bookmark: 'Waiting for RideNDine', icon: 'hourglass_top', color: '#3399FF' },
      ]);
    },
  );

  it('show each order where it belongs', async () => {
    const orders = {
      review: await addOrder({ status: 'NEEDS_REVIEW' }, '25 hours'),
      failed: await addOrder({ status: 'FAILED' }),
      failedAtLast: await addOrder({ status: 'FAILED' }, '25 hours'),
      failedLongAgo: await addOrder({ status: 'FAILED' }, '25 hours'),
      waiting: await addOrder({}, '3 minutes'),
      justNow: await addOrder(),
      linked: await addOrder({ ridendine_order_id: randomUUID() }, '3 minutes'),
      cancelled: await addOrder({ status: 'CANCELLED' }, '3 minutes'),
    };
    await admin('PATCH', `/items/orders/${orders.failedAtLast.id}`, { failure_code: 'QuoteExpired' });
    const names = new Map(Object.entries(orders).map(([name, { id }]) => [id, name]));

    const found: Record<string, string[]> = {};
    for (const { bookmark, filter } of await shared(support)) {
      if (bookmark === null) continue;
      const query = new URLSearchParams({ filter: JSON.stringify(filter), fields: 'id', limit: '-1' });
      const { data } = await support('GET', `/items/orders?${query.toString()}`);
      found[bookmark] = (data as { id: string }[]).flatMap(({ id }) => names.get(id) ?? []).toSorted();
    }

    expect(found).toEqual({
      'Needs review': ['review'],
      'Failed today': ['failed', 'failedAtLast'],
      'Waiting for RideNDine': ['waiting'],
    });
  });

  it('leave alone what a person has made, even from one of them', async () => {
    const [everybody, review] = await shared(admin);
    const own = await support('POST', '/presets', { ...everybody, id: undefined, user: supportUserId, icon: 'star' });
    const renamed = { ...review, id: undefined, user: supportUserId, bookmark: 'Mine' };
    const bookmark = await support('POST', '/presets', renamed);
    const theirs = await admin('POST', '/presets', { collection: 'orders', bookmark: 'Needs review', icon: 'star' });
    expect([own, bookmark, theirs].map(({ status }) => status)).toEqual([200, 200, 200]);
    const before = (await admin('GET', '/presets?sort=id')).data;

    expect(await apply()).toEqual([]);

    expect((await admin('GET', '/presets?sort=id')).data).toEqual(before);
    await admin('DELETE', `/presets/${(theirs.data as Preset).id}`);
  });

  it('do not go before a list that somebody else shows to everybody', async () => {
    const [ours] = await shared(admin);
    await admin('DELETE', `/presets/${ours?.id}`);
    const theirs = await admin('POST', '/presets', { collection: 'orders', icon: 'star' });

    expect(await apply()).toEqual([]);

    await admin('DELETE', `/presets/${(theirs.data as Preset).id}`);
    expect(await apply()).toEqual(['order list for everybody: added']);
  });

  it('cannot be changed by support staff for others', async () => {
    const [list] = await shared(support);
    const attempts = [
      await support('PATCH', `/presets/${list?.id}`, { icon: 'star' }),
      await support('DELETE', `/presets/${list?.id}`),
    ];
    expect(attempts.map(({ status }) => status >= 400)).toEqual([true, true]);
    expect(await shared(admin)).toContainEqual(list);
  });
});

describe('the support user of the embedded stack', () => {
  const login = { email: 'support@cooco.example.com', password: randomSecret() };
  const ensure = async (password = login.password) => {
    const lines: string[] = [];
    const line = (text: string) => void lines.push(text);
    return { made: await ensureSupportUser({ ...directus, login: { ...login, password }, log: line }), lines };
  };

  it('is made once, as the third seat beside the administrator and another person, and can log in', async () => {
    expect(await ensure()).toEqual({
      made: login,
      lines: ['support user, users: added', 'support user, password: changed'],
    });
    expect(await ensure()).toEqual({ made: login, lines: [] });

    const own = directusCaller({ url: directus.url, token: await tokenOf(login) });
    expect((await own('GET', '/items/orders?limit=1')).status).toBe(200);
    expect((await own('DELETE', '/items/orders', [randomUUID()])).codes).toEqual(['FORBIDDEN']);
  });

  it('gets the password that it is given', async () => {
    const password = randomSecret();
    expect((await ensure(password)).lines).toEqual(['support user, password: changed']);
    await tokenOf({ ...login, password });
    expect((await ensure()).lines).toEqual(['support user, password: changed']);
  });

  it('is left out where other people have all the seats, of which Directus 11 knows nothing', async () => {
    const [user] = (await admin('GET', `/users?filter[email][_eq]=${login.email}`)).data as { id: string }[];
    await admin('DELETE', `/users/${user?.id}`);
    const other = { email: 'agent-9@example.com', password: randomSecret(), role: supportRole.ids.role };
    expect((await admin('POST', '/users', other)).status).toBe(200);

    const { version } = (await admin('GET', '/server/info')).data as { version: string };
    expect(await ensure()).toEqual(
      version.startsWith('11.')
        ? { made: login, lines: ['support user, users: added', 'support user, password: changed'] }
        : { made: undefined, lines: ['support user: left out. The licence of Directus allows no more seats.'] },
    );
    expect(await apply()).toEqual([]);
  });
});
