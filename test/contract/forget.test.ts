import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderFields } from '../../src/integrations/directus/collections.ts';
import { FORGETTING_FLOW } from '../../src/integrations/directus/forgetting.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { directusCaller } from '../support/directus-http.ts';
import { startHttpFront } from '../support/http-front.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { writeLinkedOrder } from '../support/linked-order.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import { startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { runProgram } from '../support/run-program.ts';

const by = ['--actor', 'agent-7', '--reason', 'Request 17', '--yes'];

let temporal: EmbeddedTemporal;
let directus: PreparedDirectus;
beforeAll(async () => {
  [temporal, directus] = await Promise.all([startEmbeddedTemporal(), startPreparedDirectus()]);
}, 360_000);
afterAll(async () => {
  await Promise.all([temporal?.stop(), directus?.stop()]);
});

function forget(customer: string, ...args: string[]) {
  return forgetThrough(directus.url, customer, ...args);
}

function forgetThrough(url: string, customer: string, ...args: string[]) {
  return runProgram('forget', ['--customer', customer, ...args], {
    TEMPORAL_ADDRESS: temporal.settings.address,
    DIRECTUS_URL: url,
    DIRECTUS_ADMIN_TOKEN: directus.adminToken,
  });
}

/** A customer with linked orders that nobody has touched for two months. */
async function customerWith(orders: number): Promise<{ customer: string; ids: string[] }> {
  const store = createOrdersStore(directus.connection);
  const written: string[] = [];
  const session = await connectToPostgres(directus.postgres);
  for (let count = 0; count < orders; count += 1) {
    const { id } = await writeLinkedOrder(directus, store);
    written.push(id);
    // The next order is linked to the same ids, so this order needs others.
    await session.sql(
      `UPDATE orders SET ridendine_order_id = 'rnd_' || id, payment_session_id = 'ps_' || id WHERE id = $1`,
      id,
    );
  }
  const [row] = await directus.rows('orders', { id: { _eq: written[0] ?? '' } });
  const customer = String(row?.[orderFields.customer]);
  for (const id of written) {
    await session.sql(
      `UPDATE orders SET ${orderFields.customer} = $1, date_created = now() - interval '60 days', date_updated = now() - interval '60 days' WHERE id = $2`,
      customer,
      id,
    );
  }
  await session.close();
  return { customer, ids: written };
}

async function change(id: string, fields: Record<string, unknown>): Promise<void> {
  const call = directusCaller({ url: directus.url, token: directus.adminToken });
  expect((await call('PATCH', `/items/orders/${id}`, fields)).status).toBe(200);
}

/** The flows with which older versions are removed. None may stay. */
async function flows(): Promise<unknown> {
  const call = directusCaller({ url: directus.url, token: directus.adminToken });
  return (await call('GET', `/flows?filter=${JSON.stringify({ name: { _eq: FORGETTING_FLOW } })}`)).data;
}

describe('npm run forget', () => {
  it('removes what orders tell, and called again at once finds nothing', async () => {
    const { customer } = await customerWith(3);
    const again = await forget(customer, ...by);
    const once = await forget(customer, ...by);

    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(again.stdout).toContain('and what 3 orders told.');
    expect(once).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing is left') });
  }, 120_000);

  it.each([
    ['the second order is blanked', 'PATCH', '/items/orders/'],
    ['older versions are removed', 'POST', '/flows/trigger/'],
  ])(
    'goes on where it was if it was cut off when %s',
    async (_when, method, path) => {
      const { customer, ids } = await customerWith(2);
      let seen = 0;
      // The first order is blanked by then. The versions of both orders are removed with one request.
      const at = method === 'PATCH' ? 2 : 1;
      const front = await startHttpFront({
        target: directus.url,
        async hold(request) {
          if (request.method === method && request.path?.startsWith(path) && (seen += 1) >= at) {
            throw new Error('Directus is gone.');
          }
        },
      });
      const cutOff = await forgetThrough(front.url, customer, ...by);
      await front.close();
      const leftOver = await forget(customer, '--dry-run');

      const again = await forget(customer, ...by);
      const once = await forget(customer, ...by);

      expect(cutOff.exitCode).toBe(1);
      expect(seen).toBeGreaterThanOrEqual(at);
      expect(leftOver.stdout).not.toContain('Nothing is left');
      expect(again).toMatchObject({ exitCode: 0, stderr: '' });
      expect(once).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing is left') });
      for (const row of await directus.rows('orders', { id: { _in: ids } })) {
        expect(row).toMatchObject({ [orderFields.shippingSnapshot]: null, [orderFields.ridendineRequest]: null });
        expect(row[orderFields.supportActions]).toEqual([expect.objectContaining({ action: 'forget' })]);
      }
      expect(await flows()).toEqual([]);
    },
    120_000,
  );

  it('removes nothing while an order was changed of late, and names each such order once', async () => {
    const { customer, ids } = await customerWith(2);
    await change(String(ids[0]), { [orderFields.status]: 'NEEDS_REVIEW' });
    await change(String(ids[1]), { [orderFields.customerNote]: 'Ring twice' });

    const { exitCode, stdout, stderr } = await forget(customer, ...by);

    expect(exitCode).toBe(1);
    expect(stderr).toContain('Nothing was removed');
    for (const id of ids) expect(stdout.split(id)).toHaveLength(2);
  }, 120_000);

  it('removes the flow that a killed call has left in Directus', async () => {
    const { customer } = await customerWith(1);
    const call = directusCaller({ url: directus.url, token: directus.adminToken });
    await call('POST', '/flows', { name: FORGETTING_FLOW, status: 'active', trigger: 'webhook', accountability: null });
    const session = await connectToPostgres(directus.postgres);
    await session.sql(
      `UPDATE directus_flows SET date_created = now() - interval '1 hour' WHERE name = $1`,
      FORGETTING_FLOW,
    );
    await session.close();

    await expect(forget(customer, ...by)).resolves.toMatchObject({ exitCode: 0, stderr: '' });

    expect(await flows()).toEqual([]);
  }, 60_000);

  it('says that there is no such customer, and that a customer has no orders', async () => {
    const customer = randomUUID();
    const unknown = await forget(customer, ...by);
    const call = directusCaller({ url: directus.url, token: directus.adminToken });
    await call('POST', '/items/customers', { id: customer, name: 'Customer One' });

    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('check the id') });
    expect(await forget(customer, ...by)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Nothing is left'),
    });
  }, 60_000);
});
