import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { payloadsIn, storedPayloadsOf } from '../support/stored-payloads.ts';
import type { JsonPayload } from '../support/stored-payloads.ts';
import { textIn } from '../support/text-in.ts';

/** Text that a customer has entered, and that only we may read. */
const NOTE = 'The bell of Canary Row 17 is broken.';

let world: RunningStack;
let workflowId: string;
let checkout: Record<string, unknown>;
beforeAll(async () => {
  world = await startRunningStack();
  const key = randomUUID();
  checkout = { ...(await world.newCheckout()), customer_note: NOTE };
  const { status } = await world.post(key, checkout);
  if (status !== 201) throw new Error(`The order was answered ${status}.`);
  workflowId = `order-creation-${key}`;
}, 360_000);
afterAll(() => world?.stop());

const storedPayloads = () => storedPayloadsOf(world.temporal, workflowId);

function decode(payloads: JsonPayload[], origin: string): Promise<Response> {
  return fetch(`${world.stack.urls.codec}/decode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-namespace': 'default', origin },
    body: JSON.stringify({ payloads }),
  });
}

const text = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString();

describe('what Temporal stores of an order', () => {
  it('is encrypted, every payload of it, and shows nothing of what the customer entered', async () => {
    const payloads = await storedPayloads();
    const history = textIn(await world.temporal.workflow.getHandle(workflowId).fetchHistory());

    expect(payloads.length).toBeGreaterThan(10);
    expect(new Set(payloads.map(({ metadata }) => text(metadata?.['encoding'])))).toEqual(
      new Set(['binary/encrypted']),
    );
    expect(payloads.map(({ data }) => text(data)).join('\n')).not.toContain('Canary Row');
    // Search attributes and headers are not encrypted.
    expect(history).toContain(checkout['quote_id']);
    expect(history).not.toContain('Canary Row');
  });

  it('is shown in clear to the Temporal UI, which is told where', async () => {
    const { urls } = world.stack;

    const settings = (await (await fetch(`${urls.temporalUi}/api/v1/settings`)).json()) as {
      Codec: { Endpoint: string };
    };
    const response = await decode(await storedPayloads(), urls.temporalUi ?? '');

    expect(settings.Codec.Endpoint).toBe(urls.codec);
    const { payloads } = (await response.json()) as { payloads: JsonPayload[] };
    const values = payloads.map(({ data }) => text(data)).filter((value) => value.startsWith('{'));
    const inputs = values.map((value) => JSON.parse(value) as Record<string, unknown>);
    expect(inputs).toContainEqual(expect.objectContaining(checkout));
  });

  it('is shown in clear to no page of another origin, nor to whoever does not know the path', async () => {
    const stored = await storedPayloads();

    const elsewhere = await decode(stored, 'http://evil.example');
    const withoutPath = await fetch(new URL('/decode', world.stack.urls.codec), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ payloads: stored }),
    });

    expect([elsewhere.status, withoutPath.status]).toEqual([403, 404]);
    expect((await elsewhere.text()) + (await withoutPath.text())).not.toContain('Canary Row');
  });

  it('is shown in clear by the Temporal CLI, if it is told where', async () => {
    const { temporal, urls } = world.stack;
    const cli = await findTemporalCli({
      environment: process.env,
      doing: () => {},
      spawn: () => {
        throw new Error('The stack that runs has found it before.');
      },
    });
    const show = async (...more: string[]) => {
      const where = ['--address', temporal.address, '--namespace', temporal.namespace, '--workflow-id', workflowId];
      const { stdout } = await execa(cli, ['workflow', 'show', ...where, '--output', 'json', ...more]);
      const { events } = JSON.parse(stdout) as { events: unknown };
      return payloadsIn(events).map(({ data }) => text(data));
    };

    expect((await show()).join('\n')).not.toContain('Canary Row');
    expect((await show('--codec-endpoint', urls.codec ?? '')).join('\n')).toContain(NOTE);
  });

  it('is not in the log of the codec server, nor is the path: only that it was asked for', async () => {
    const { parts, secrets } = world.stack;

    const log = await readFile(parts.codecServer?.logFile ?? '', 'utf8');

    expect(log).toContain('"msg":"decode"');
    expect(log).not.toContain('Canary Row');
    expect(log).not.toContain(secrets.codecPathSegment);
  });
});

describe('the codec server', () => {
  it('listens on this machine alone, and comes back on the same address', async () => {
    const { parts, urls } = world.stack;
    const log = await readFile(parts.codecServer?.logFile ?? '', 'utf8');

    await parts.codecServer?.stop({ signal: 'SIGKILL' });
    await parts.codecServer?.start();

    const listening = [...log.matchAll(/Server listening at (\S+?)"/g)].map(([, address]) => address);
    expect(listening).toEqual([new URL(urls.codec ?? '').origin]);
    expect(urls.codec).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/);
    expect((await decode([], urls.temporalUi ?? '')).status).toBe(200);
  });
});
