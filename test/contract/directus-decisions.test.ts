import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applySchema } from '../../src/integrations/directus/schema/apply-schema.ts';
import { applySupport, supportLeadRole, supportRole } from '../../src/integrations/directus/schema/apply-support.ts';
import { createDemoQuote, seed } from '../../sandbox/shop/demo-data.ts';
import { directusCaller } from '../support/directus-http.ts';
import type { CallDirectus } from '../support/directus-http.ts';
import { randomSecret, startEmbeddedDirectus } from '../support/embedded-directus.ts';
import type { EmbeddedDirectus } from '../support/embedded-directus.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import { newOrderRow } from '../support/order-rows.ts';

const FLOW = 'c00c0000-0000-4000-8000-0000000000e1';
const operatorKey = randomSecret();
const log = () => {};
const ids = { ridendine_order_id: 'rnd_0123456789', payment_session_id: 'ps_0123456789' };

interface Received {
  url: string | undefined;
  authorization: string | undefined;
  body: unknown;
}

let embedded: EmbeddedDirectus;
/** The Directus with the key in its environment. */
let directus: { url: string; stop(): Promise<void> };
let admin: CallDirectus;
let gateway: Server;
let hangingUp: Awaited<ReturnType<typeof startHttpServer>>;
let gatewayUrl: string;
let orderId: string;
let otherId: string;
let orderKey: string;
const received: Received[] = [];
let answer: { status: number; body: object };

interface Person {
  id: string;
  email: string;
  token: string;
}
let lead: Person;
let looker: Person;

beforeAll(async () => {
  gateway = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url, headers } = request;
      received.push({ url, authorization: headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => {
    gateway.listen(0, '127.0.0.1', resolve);
  });
  gatewayUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  hangingUp = await startHttpServer((response) => response.destroy());
  embedded = await startEmbeddedDirectus();
  directus = await embedded.startAnother({
    FLOWS_ENV_ALLOW_LIST: 'OPERATOR_API_KEY',
    OPERATOR_API_KEY: operatorKey,
    IMPORT_IP_DENY_LIST: '169.254.169.254',
  });
  const { adminToken } = embedded;
  const { url } = directus;
  admin = directusCaller({ url, token: adminToken });
  await applySchema({ url, adminToken, log });
  await apply();
  await seed({ url, adminToken });
  const order = newOrderRow(await createDemoQuote({ url, adminToken }), { status: 'NEEDS_REVIEW' });
  orderId = order.id;
  orderKey = String(order.idempotency_key);
  await admin('POST', '/items/orders', order);
  const other = newOrderRow(await createDemoQuote({ url, adminToken }), { status: 'NEEDS_REVIEW' });
  otherId = other.id;
  await admin('POST', '/items/orders', other);
  lead = await addPerson('lead@example.com', supportLeadRole.ids.role);
  looker = await addPerson('looker@example.com', supportRole.ids.role);
}, 120_000);

afterAll(async () => {
  gateway.close();
  await hangingUp?.close();
  await directus?.stop();
  await embedded?.stop();
});

const apply = (url = gatewayUrl) =>
  applySupport({ url: directus.url, adminToken: embedded.adminToken, gatewayUrl: url, log });

async function addPerson(email: string, role: string): Promise<Person> {
  const person = { id: randomUUID(), email, token: randomSecret() };
  expect((await admin('POST', '/users', { ...person, role, status: 'active' })).status).toBe(200);
  return person;
}

/** Sends the form as the app does. Other fields in `form` stand for what somebody has added by hand. */
async function decide(token: string, form: object) {
  answer ??= { status: 200, body: { message: 'Done.' } };
  const before = received.length;
  const response = await fetch(`${directus.url}/flows/trigger/${FLOW}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ collection: 'orders', keys: [orderId], reason: 'Ticket 1', ...form }),
  });
  return { status: response.status, text: await response.text(), sent: received.slice(before) };
}

const step = (last: string) => `c00c0000-0000-4000-8000-0000000000${last}`;

describe('the decision flow', () => {
  it('changes nothing the second time, stays off where somebody has switched it off, and is one flow', async () => {
    expect(await apply()).toEqual([]);

    await admin('PATCH', `/flows/${FLOW}`, { status: 'inactive', name: 'Renamed' });
    expect(await apply()).toEqual(['decision flow, flows: changed']);
    expect(await admin('GET', `/flows/${FLOW}?fields=status,name`)).toMatchObject({
      data: { status: 'inactive', name: 'Decide about orders' },
    });

    await admin('PATCH', `/flows/${FLOW}`, { status: 'active' });
    expect(await apply()).toEqual([]);
    expect((await admin('GET', '/flows?fields=id')).data).toEqual([{ id: FLOW }]);
  });

  it('gets its steps in their order again where somebody has linked them otherwise', async () => {
    const link = (from: string, resolve: string | null) => admin('PATCH', `/operations/${step(from)}`, { resolve });
    await link('ea', null);
    await link('e4', step('e5'));

    expect(await apply()).toEqual([
      'decision flow, order, operations: changed',
      'decision flow, user, operations: changed',
    ]);
    expect((await decide(lead.token, { decision: 'retry' })).sent).toHaveLength(1);
  });

  it('sends the decision with the key, under the name of whoever is logged in', async () => {
    answer = { status: 200, body: { message: 'Done: RideNDine is asked once more.' } };

    const { status, sent, text } = await decide(lead.token, { decision: 'retry' });

    expect(status).toBe(200);
    expect(sent).toEqual([
      {
        url: `/v1/operations/orders/${orderId}/decisions`,
        authorization: `Bearer ${operatorKey}`,
        body: {
          decision: 'retry',
          reason: 'Ticket 1',
          actor: `lead@example.com (${lead.id})`,
          idempotency_key: orderKey,
        },
      },
    ]);
    expect(text).not.toContain(operatorKey);
  });

  it('sends no other name, whatever is put into the body', async () => {
    const { sent } = await decide(lead.token, {
      decision: 'abandon',
      actor: 'somebody else',
      user: { email: 'somebody@example.com' },
      $accountability: { user: looker.id },
      reason: 'by {{$accountability.role}} with {{$env.OPERATOR_API_KEY}}',
    });

    expect(sent.map(({ body }) => body)).toEqual([
      {
        decision: 'abandon',
        reason: 'by {{$accountability.role}} with {{$env.OPERATOR_API_KEY}}',
        actor: `lead@example.com (${lead.id})`,
        idempotency_key: orderKey,
      },
    ]);
  });

  it('sends the ids with the decisions that take some, and with no other', async () => {
    const link = await decide(lead.token, { decision: 'link', ...ids });
    const retry = await decide(lead.token, { decision: 'retry', ...ids });

    expect(link.sent[0]?.body).toMatchObject({ ...ids, ids_checked: false });
    expect(Object.keys(retry.sent[0]?.body as object).toSorted()).toEqual([
      'actor',
      'decision',
      'idempotency_key',
      'reason',
    ]);
  });

  it('tells whoever decided what came of it, and nobody else', async () => {
    answer = { status: 200, body: { message: 'Done: this is what came of it.' } };

    await decide(lead.token, { decision: 'retry' });

    const { data } = await as(lead)('GET', '/notifications?sort=-id&limit=1');
    expect(data).toMatchObject([{ message: 'Done: this is what came of it.', collection: 'orders', item: orderId }]);
    expect((await as(looker)('GET', '/notifications')).data).toEqual([]);
  });

  it.each([
    [
      'why it was refused',
      { status: 409, body: { detail: 'The order is not in review.' } },
      'The order is not in review.',
    ],
    ['that something else answers', { status: 502, body: {} }, 'Order creation does not answer.'],
    [
      'that the key is wrong, and whom to call',
      { status: 401, body: { detail: 'Send Authorization.' } },
      "Nothing was decided: Directus' OPERATOR_API_KEY is not among the gateway's OPERATOR_API_KEYS. Call whoever runs",
    ],
  ])('tells whoever decided %s', async (_what, given, said) => {
    answer = given;

    const { status, text } = await decide(lead.token, { decision: 'retry' });

    expect(status).toBe(400);
    expect(text).toContain(said);
    expect(text).not.toContain(operatorKey);
  });

  it.each([
    ['refuses the connection', async () => `http://127.0.0.1:${await freePort()}`],
    ['is at an address that Directus denies itself', async () => 'http://169.254.169.254'],
    ['ends the connection without an answer', async () => hangingUp.url],
  ])('tells whoever decided that a gateway does not answer which %s', async (_what, urlOf) => {
    await apply(await urlOf());
    try {
      const { status, text } = await decide(lead.token, { decision: 'retry' });

      expect(status).toBe(400);
      expect(text).toContain('Order creation does not answer. Look at the order before you decide again.');
      expect(text).not.toContain(operatorKey);
    } finally {
      await apply();
    }
  });

  it('does not call a decision refused that was carried out and could not be told', async () => {
    answer = { status: 200, body: { message: 'Done.' } };
    const operation = '/operations/c00c0000-0000-4000-8000-0000000000e7';
    const { options } = (await admin('GET', `${operation}?fields=options`)).data as { options: object };
    await admin('PATCH', operation, { options: { ...options, collection: 'nowhere' } });
    try {
      expect((await decide(lead.token, { decision: 'retry' })).status).toBe(204);
    } finally {
      expect(await apply()).toEqual(['decision flow, answer, operations: changed']);
    }
  });

  it('sends one decision about several orders that are chosen in a list', async () => {
    answer = { status: 202, body: { message: 'It goes on by itself: 1 of 2 orders.' } };

    const { status, sent } = await decide(lead.token, { decision: 'retry', keys: [orderId, otherId] });

    expect(status).toBe(200);
    expect(sent).toEqual([
      {
        url: '/v1/operations/decisions',
        authorization: `Bearer ${operatorKey}`,
        body: {
          decision: 'retry',
          reason: 'Ticket 1',
          actor: `lead@example.com (${lead.id})`,
          order_ids: [orderId, otherId],
        },
      },
    ]);
    expect((await as(lead)('GET', '/notifications?sort=-id&limit=1')).data).toMatchObject([
      { subject: 'Your decision about 2 orders', message: 'It goes on by itself: 1 of 2 orders.' },
    ]);
  });

  it.each(['link', 'cancel', 'correct-link'])('takes one order at a time for %s, and says so', async (decision) => {
    const { status, sent, text } = await decide(lead.token, { decision, ...ids, keys: [orderId, otherId] });

    expect(sent).toEqual([]);
    expect(status).toBe(400);
    expect(text).toContain('For several orders at once there are only');
    expect(text).toContain('Nothing was decided.');
  });

  it('keeps neither what was entered nor the key in activity and revisions', async () => {
    answer = { status: 200, body: { message: 'Done.' } };
    await decide(lead.token, { decision: 'abandon', reason: 'Canary ticket' });

    const kept = JSON.stringify([
      await admin('GET', '/activity?limit=-1&fields=*'),
      await admin('GET', '/revisions?limit=-1&fields=*'),
    ]);

    expect(kept).toContain(FLOW);
    expect(kept).not.toMatch(new RegExp(`Canary|${operatorKey}`));
  });
});

describe('who may what', () => {
  const everybody: [string, () => CallDirectus, { decides: boolean; seesForm: boolean }][] = [
    ['an administrator', () => admin, { decides: true, seesForm: true }],
    ['COOCO support lead', () => as(lead), { decides: true, seesForm: true }],
    ['COOCO support', () => as(looker), { decides: false, seesForm: false }],
    ['somebody without a role', () => directusCaller(directus), { decides: false, seesForm: false }],
  ];

  it.each(everybody)('%s', async (_who, call, { decides, seesForm }) => {
    answer = { status: 200, body: { message: 'Done.' } };
    const before = received.length;
    const form = { collection: 'orders', keys: [orderId], reason: 'Ticket 1', decision: 'retry' };
    const { status } = await call()('POST', `/flows/trigger/${FLOW}`, form);
    const flows = await call()('GET', `/flows/${FLOW}`);

    expect({ decides: status === 200, seesForm: flows.status === 200 }).toEqual({ decides, seesForm });
    expect(received.length - before).toBe(decides ? 1 : 0);
  });

  it.each([
    ['COOCO support lead', () => as(lead)],
    ['COOCO support', () => as(looker)],
  ])('%s reads orders, changes none, and sees neither the steps of the flow nor its key', async (_who, call) => {
    expect((await call()('GET', `/items/orders/${orderId}`)).status).toBe(200);
    expect((await call()('PATCH', `/items/orders/${orderId}`, { status: 'FAILED' })).status).toBe(403);
    for (const path of ['/operations', '/revisions', '/users/me?fields=token']) {
      expect(JSON.stringify(await call()('GET', path))).not.toContain(operatorKey);
    }
    expect((await call()('GET', '/operations')).status).toBe(403);
    expect((await call()('PATCH', `/flows/${FLOW}`, { name: 'Mine' })).status).toBe(403);
    expect((await call()('PATCH', '/users/me', { email: 'other@example.com' })).status).toBe(403);
  });
});

describe('a Directus without room for another flow', () => {
  it('goes without the form, which is said', async () => {
    await admin('DELETE', `/flows/${FLOW}`);
    const made: unknown[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { data } = await admin('POST', '/flows', { name: `Flow ${count}`, trigger: 'manual', status: 'active' });
      made.push((data as { id: string }).id);
    }
    const lines: string[] = [];

    await applySupport({
      url: directus.url,
      adminToken: embedded.adminToken,
      gatewayUrl,
      log: (line) => void lines.push(line),
    });

    const { version } = (await admin('GET', '/server/info')).data as { version: string };
    const left =
      'decision flow: left out, so nobody can decide in Directus. The licence of Directus allows no more flows.';
    expect(lines.includes(left)).toBe(!version.startsWith('11.'));
    for (const id of made) await admin('DELETE', `/flows/${String(id)}`);
  });
});

function as({ token }: Person): CallDirectus {
  return directusCaller({ url: directus.url, token });
}
