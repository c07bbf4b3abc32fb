import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { runChecks } from '../../src/cli/doctor/checks.ts';
import type { CheckResult } from '../../src/cli/doctor/checks.ts';
import { ridendineChecks } from '../../src/cli/doctor/ridendine-checks.ts';
import { freePort } from '../support/free-port.ts';
import { createCertificates } from '../support/certificates.ts';
import { startHttpFront, withClockAhead } from '../support/http-front.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import { startSandbox } from '../support/running-sandbox.ts';
import type { RunningSandbox } from '../support/running-sandbox.ts';
import { startTlsFront } from '../support/tls-front.ts';

let sandbox: RunningSandbox;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(async () => {
  await sandbox.close();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function examine(
  environment: Record<string, string> = {},
  probeCredential = false,
): Promise<Record<string, CheckResult>> {
  const settings = { RIDENDINE_BASE_URL: sandbox.url, RIDENDINE_API_KEY: sandbox.apiKey, ...environment };
  const results = await runChecks(ridendineChecks(settings, { probeCredential }));
  return Object.fromEntries(results.map((result) => [result.check, result]));
}

/** Starts a partner that answers every request alike. @returns its address. */
async function partnerWho(status: number, headers: Record<string, string> = {}, body = ''): Promise<string> {
  const server = await startHttpServer((response) => response.writeHead(status, headers).end(body));
  cleanUps.push(() => server.close());
  return server.url;
}

describe('the checks of RideNDine', () => {
  it('find that it can be reached, and send nothing that could make an order', async () => {
    const results = await examine();

    expect(results).toMatchObject({
      ridendine: { verdict: 'ok', finding: `RideNDine can be reached at ${sandbox.url}.` },
      'ridendine-credential': { verdict: 'not checked', advice: expect.stringContaining('--probe-credential') },
      'ridendine-clock': { verdict: 'ok' },
    });
    expect(await sandbox.calls()).toEqual([]);
  });

  it('find on demand that the credential is taken, which makes no order', async () => {
    const results = await examine({}, true);

    expect(results['ridendine-credential']).toMatchObject({
      verdict: 'ok',
      finding: expect.stringMatching(/takes our credential: it refused an order without content \(4\d\d\)\.$/),
    });
    expect(await sandbox.calls()).toHaveLength(1);
    expect(await sandbox.orders()).toEqual([]);
  });

  it('find on demand that the credential is refused, and do not show it', async () => {
    const results = await examine({ RIDENDINE_API_KEY: 'a-key-of-nobody' }, true);

    expect(results['ridendine-credential']).toMatchObject({
      verdict: 'problem',
      finding: 'RideNDine refuses our credential.',
      advice: expect.stringContaining('RIDENDINE_API_KEY'),
    });
    expect(JSON.stringify(results)).not.toContain('a-key-of-nobody');
  });

  it('find that the credential is refused without being told to, where the partner asks for it first', async () => {
    const results = await examine({ RIDENDINE_BASE_URL: await partnerWho(403) });

    expect(results['ridendine-credential']?.verdict).toBe('problem');
  });

  it('warn that a page may come from something other than RideNDine', async () => {
    const partner = await partnerWho(200, { 'content-type': 'text/html' }, '<html></html>');

    const results = await examine({ RIDENDINE_BASE_URL: partner });

    expect(results['ridendine']).toMatchObject({
      verdict: 'warning',
      finding: expect.stringContaining('something other than RideNDine'),
      advice: expect.stringContaining('RIDENDINE_BASE_URL'),
    });
  });

  it.each([
    [404, { 'content-type': 'text/html' }, '<html></html>', 'problem', 'No RideNDine API'],
    [
      201,
      { 'content-type': 'application/json' },
      '{"ridendine_order_id":"r","payment_session_id":"p"}',
      'problem',
      'made an order',
    ],
    [429, {}, '', 'not checked', 'fewer requests'],
  ])(
    'take %d for an answer to the order without content that is no proof',
    async (status, headers, body, verdict, says) => {
      const results = await examine({ RIDENDINE_BASE_URL: await partnerWho(status, headers, body) }, true);

      expect(results['ridendine-credential']).toMatchObject({ verdict, finding: expect.stringContaining(says) });
    },
  );

  it('say that nobody answers, and check nothing else', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;

    expect(await examine({ RIDENDINE_BASE_URL: url })).toMatchObject({
      ridendine: {
        verdict: 'problem',
        finding: `RideNDine at ${url} cannot be reached (ECONNREFUSED): check RIDENDINE_BASE_URL, and whether it runs.`,
      },
      'ridendine-credential': { verdict: 'not checked' },
      'ridendine-clock': { verdict: 'not checked' },
    });
  });

  it('say that it redirects, or is down just now', async () => {
    const redirecting = await examine({ RIDENDINE_BASE_URL: await partnerWho(301, { location: 'https://x.example' }) });
    const down = await examine({ RIDENDINE_BASE_URL: await partnerWho(503) });

    expect(redirecting['ridendine']).toMatchObject({
      verdict: 'problem',
      finding: expect.stringContaining('redirects'),
    });
    expect(down['ridendine']).toMatchObject({ verdict: 'warning', finding: expect.stringContaining('503') });
  });

  it('say that its certificate is not one that this machine accepts', async () => {
    const { host } = new URL(sandbox.url);
    const front = await startTlsFront({ target: host, certificates: await createCertificates(), protocol: 'http/1.1' });
    cleanUps.push(() => front.close());

    const results = await examine({ RIDENDINE_BASE_URL: `https://${front.address}` });

    expect(results['ridendine']).toMatchObject({ verdict: 'problem', finding: expect.stringContaining('TLS') });
  });

  it('warn of a clock that differs, and no more: nothing is counted by it', async () => {
    const front = await startHttpFront({ target: sandbox.url, change: withClockAhead(3_600_000) });
    cleanUps.push(() => front.close());

    const results = await examine({ RIDENDINE_BASE_URL: front.url });

    expect(results['ridendine-clock']).toMatchObject({
      verdict: 'warning',
      finding: expect.stringMatching(/clock is (59|60) minutes behind that of RideNDine/),
    });
  });
});
