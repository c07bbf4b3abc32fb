import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { createdOrderSchema } from '../../src/gateway/response-bodies.ts';
import type { CreatedOrder } from '../../src/gateway/response-bodies.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLE_TIMEOUT_MS = 30_000;

let world: RunningStack;
/** A folder that looks like the folder of the project to the samples. */
let folder: string;
beforeAll(async () => {
  world = await startRunningStack();
  folder = await mkdtemp(path.join(tmpdir(), 'gateway-page-'));
  await symlink(path.dirname(path.dirname(world.stack.parts.gateway.logFile)), path.join(folder, '.stack'));
  await symlink(path.join(root, 'src'), path.join(folder, 'src'));
}, 360_000);
afterAll(async () => {
  await world?.stop();
  if (folder) await rm(folder, { recursive: true });
});

describe('the samples on the page', () => {
  it.each(['README.md', 'docs/gateway.md'])('of %s: curl creates an order with a fresh quote', async (page) => {
    await freshCheckout();
    const [sample, ...others] = await samplesOf(page, 'sh');

    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', asHere(sample)]);

    expect(others).toEqual([]);
    expect(stdout).toContain('HTTP/1.1 201 Created');
    const [created, ...later] = [...stdout.matchAll(/\{.*?\}/g)].map(([json]) => JSON.parse(json) as CreatedOrder);
    expect(createdOrderSchema.parse(created)).toEqual(created);
    expect(later).toEqual(later.map(() => ({ state: 'SUCCEEDED', stage: 'LINKED', ...created })));
    await expect(world.sandboxOrdersOf(created?.order_id ?? '')).resolves.toHaveLength(1);
  });

  it('of README.md: the library creates an order with a fresh quote', async () => {
    await freshCheckout();
    const [, sample = ''] = /^```ts\n(.*?)^```$/ms.exec(await readFile(path.join(root, 'README.md'), 'utf8')) ?? [];
    const file = path.join(folder, 'sample.ts');
    const call = `import { readFile } from 'node:fs/promises';
      const checkout = JSON.parse(await readFile('.stack/checkout.json', 'utf8'));
      console.log(await paymentSessionOf({ ...checkout, idempotency_key: crypto.randomUUID() }));
      await orders.close();`;
    await writeFile(
      file,
      asHere(sample).replaceAll("'@cooco/order-creation-client'", "'./src/client/index.ts'") + call,
    );

    const { stdout } = await run(process.execPath, ['--preserve-symlinks-main', file], {
      ENCRYPTION_KEYS: (await readFile(path.join(folder, '.stack/secrets/encryption-keys'), 'utf8')).trim(),
    });

    expect(stdout).toMatch(/^ps_\w+$/);
  });
});

/** What `npm run checkout` runs. */
async function freshCheckout(): Promise<void> {
  const { stdout } = await run(process.execPath, [path.join(root, 'stack/new-checkout.ts')], {
    STACK_DATA_DIR: '.stack',
  });
  expect(stdout).toBe('.stack/checkout.json confirms a fresh quote.');
}

async function samplesOf(page: string, language: string): Promise<string[]> {
  const text = await readFile(path.join(root, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language} runs\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);
}

/** The sample with the addresses of this stack in the place of those of `npm start`. */
function asHere(sample = ''): string {
  return sample
    .replaceAll('http://127.0.0.1:3000', world.stack.urls.gateway)
    .replaceAll('127.0.0.1:7233', world.stack.temporal.address);
}

function run(command: string, args: string[], environment: Record<string, string> = {}) {
  const searchPath = `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`;
  return execa(command, args, {
    cwd: folder,
    env: { PATH: searchPath, HOME: process.env['HOME'] ?? '', ...environment },
    extendEnv: false,
    timeout: SAMPLE_TIMEOUT_MS,
  });
}
