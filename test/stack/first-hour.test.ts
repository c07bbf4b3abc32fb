import { chmod, cp, mkdtemp, readFile, readdir, rename, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import pWaitFor from 'p-wait-for';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { createdOrderSchema } from '../../src/gateway/response-bodies.ts';
import { freePort } from '../support/free-port.ts';
// This test needs what npm start runs (see test/needs), although nothing here calls it.
// oxlint-disable-next-line import/no-unassigned-import
import '../../stack/temporal/find-cli.ts';
import { directusCaller } from '../support/directus-http.ts';
import { removeDataFolder } from '../support/remove-data-folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const START_TIMEOUT_MS = 360_000;
const COMMAND_TIMEOUT_MS = 200_000;

/** The variables of a person who has just cloned the project, and the one that says where the data is. */
let environment: Record<string, string>;
let dataDir: string;
/** A folder that looks like the folder of the project to the commands of a document. */
let folder: string;
/** Free ports instead of the usual ones of `npm start`, so that the test can run beside anything. */
const ports = {
  STACK_TEMPORAL_PORT: '',
  STACK_TEMPORAL_UI_PORT: '',
  STACK_DIRECTUS_PORT: '',
  STACK_RIDENDINE_PORT: '',
  CODEC_SERVER_PORT: '',
  GATEWAY_PORT: '',
};
let start: ReturnType<typeof npmStart>;
let printed = '';

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'first hour-'));
  // When the tests run as root, PostgreSQL runs as another user, which must be able to enter the folder.
  await chmod(dataDir, 0o755);
  folder = await mkdtemp(path.join(tmpdir(), 'first-hour-'));
  await symlink(dataDir, path.join(folder, '.stack'));
  environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', STACK_DATA_DIR: dataDir };
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = String(await freePort());
  start = npmStart();
  let hasEnded = false;
  const noteEnd = () => {
    hasEnded = true;
  };
  void start.then(noteEnd, noteEnd);
  start.all.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await pWaitFor(() => printed.includes('Ctrl-C stops everything.') || hasEnded, { timeout: START_TIMEOUT_MS });
  if (hasEnded) throw new Error(`npm start has ended:\n${printed}`);
}, START_TIMEOUT_MS);
afterAll(async () => {
  start?.kill('SIGINT');
  await start;
  for (const made of [folder, dataDir]) await removeDataFolder(made);
}, COMMAND_TIMEOUT_MS);

describe('npm start', () => {
  it('names the folder of the logs', async () => {
    const [, logs = ''] = /^ +logs +(.+)$/m.exec(printed) ?? [];

    await expect(readdir(path.resolve(root, logs))).resolves.toEqual(
      expect.arrayContaining(['worker.log', 'gateway.log', 'directus.log', 'temporal.log']),
    );
  });

  it('prints a curl that creates an order when it is pasted as it is, and no credential', async () => {
    const [curl = ''] = /^curl (?:.*\\\n)*.*$/m.exec(printed) ?? [];

    const { stdout } = await paste(curl, { cwd: root });

    expect(stdout).toContain('HTTP/1.1 201 Created');
    expect(createdOrderSchema.parse(JSON.parse(/^\{.*\}$/m.exec(stdout)?.[0] ?? ''))).toMatchObject({
      status: 'PENDING_PAYMENT',
    });
    await expect(secretsIn(printed)).resolves.toEqual([]);
  });

  it('leads to one host alone, by what it prints, by Directus and by the Temporal UI: one login is enough', async () => {
    const workflowId = /order-creation-[\da-f-]{36}/.exec(printed)?.[0] ?? '';
    const admin = directusCaller({
      url: `http://127.0.0.1:${ports.STACK_DIRECTUS_PORT}`,
      token: await secret('directus-admin-token'),
    });
    const form = (await admin('GET', '/fields/orders')).data;
    const ui = await fetch(`http://127.0.0.1:${ports.STACK_TEMPORAL_UI_PORT}/api/v1/settings`);
    const details = await currentDetailsOf(workflowId);

    const texts = { printed, form: JSON.stringify(form), ui: await ui.text(), details };

    for (const [where, text] of Object.entries(texts)) {
      expect([where, hostsIn(text)]).toEqual([where, ['127.0.0.1']]);
    }
  });
});

describe('beside a running npm start, with no setting', () => {
  it.each([
    ['doctor', [], /^No problem\. /m],
    ['review', ['list'], /^none$/m],
    ['deployment', ['status'], /^Workers without a build take the orders\.$/m],
    ['temporal:apply', [], /nothing was changed/],
    ['directus:apply', [], /nothing was changed/],
  ])('npm run %s uses the embedded stack, and says so in one line', async (program, args, finding) => {
    const { exitCode, stdout, stderr } = await npmRun(program, args);

    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(finding),
      stderr: expect.stringMatching(/^Uses the embedded stack on .*\.$/),
    });
    expect(stderr).toContain(dataDir);
    await expect(secretsIn(stdout + stderr)).resolves.toEqual([]);
  });

  it('npm run checkout makes a fresh quote, on whichever port Directus is', async () => {
    const before = await readFile(path.join(dataDir, 'checkout.json'), 'utf8');

    const { exitCode, stdout, stderr } = await npmRun('checkout', []);

    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: `${path.join(dataDir, 'checkout.json')} confirms a fresh quote.`,
      stderr: '',
    });
    await expect(readFile(path.join(dataDir, 'checkout.json'), 'utf8')).resolves.not.toBe(before);
  });

  it.each([
    ['sandbox/ridendine/README.md', 'sh runs', /fault_1/],
    ['docs/operations.md', 'sh runs', /^none$/m],
  ])('every command of %s works when it is pasted', async (page, language, finding) => {
    const { stdout } = await paste((await samplesOf(page, language)).join('\n'), { cwd: folder });

    expect(stdout).toMatch(finding);
  });
});

describe('a service that the environment names', () => {
  it('is used, and nothing of the embedded stack for it', async () => {
    const nowhere = `127.0.0.1:${await freePort()}`;

    const { exitCode, stderr } = await npmRun('review', ['list'], { TEMPORAL_ADDRESS: nowhere });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('ENCRYPTION_KEYS is not set.');
    expect(stderr).toContain(`The embedded stack on ${dataDir} is not used for Temporal: TEMPORAL_ADDRESS is set.`);
    await expect(secretsIn(stderr)).resolves.toEqual([]);
  });

  it('does not keep the doctor from looking at the rest of the embedded stack', async () => {
    const { exitCode, stdout, stderr } = await npmRun('doctor', [], { RIDENDINE_TIMEOUT_MS: '5000' });

    expect(exitCode).toBe(1);
    expect(stdout).toContain('Not set: RIDENDINE_BASE_URL, RIDENDINE_API_KEY.');
    expect(stdout).toMatch(/^ok +directus /m);
    expect(stderr.split('\n')).toEqual([
      `Uses the embedded stack on ${dataDir}: Temporal, Directus.`,
      `The embedded stack on ${dataDir} is not used for RideNDine: RIDENDINE_TIMEOUT_MS is set.`,
    ]);
  });
});

describe('without a running npm start', () => {
  it.each([
    ['doctor', [], 'stdout', 'Not set: '],
    ['review', ['list'], 'stderr', 'ENCRYPTION_KEYS is not set.'],
    ['directus:apply', [], 'stderr', 'DIRECTUS_URL is not set.'],
    ['checkout', [], 'stderr', 'There is no fresh quote'],
  ] as const)('npm run %s says what is missing, and how to start the stack', async (program, args, stream, problem) => {
    const nobody = path.join(folder, 'nobody');

    const ended = await npmRun(program, args, { STACK_DATA_DIR: nobody });

    expect(ended.exitCode).toBe(1);
    expect(ended[stream]).toContain(problem);
    expect(ended.stderr).toContain(`No embedded stack runs on ${nobody}: "npm start" starts it.`);
    await expect(stat(nobody)).rejects.toThrow('ENOENT');
  });

  it('what a killed one has left behind is not taken for a running one', async () => {
    const left = path.join(folder, 'left');
    await cp(path.join(dataDir, 'run'), path.join(left, 'run'), { recursive: true });
    const holder = (await readdir(path.join(left, 'run', 'stack')))[0] ?? '';
    // The process id exists, but stands for another process by now.
    await rename(path.join(left, 'run', 'stack', holder), path.join(left, 'run', 'stack', `${holder}0`));

    const { exitCode, stderr } = await npmRun('review', ['list'], { STACK_DATA_DIR: left });

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`No embedded stack runs on ${left}`);
  });
});

describe('npm start that ends', () => {
  it('leaves no word behind that it runs; while it ran, only its owner could read it', async () => {
    const words = path.join(dataDir, 'run', 'stack');
    const [holder = ''] = await readdir(words);
    const { mode } = await stat(path.join(words, holder));

    start.kill('SIGINT');
    const { exitCode } = await start;

    expect(exitCode).toBe(0);
    expect(mode & 0o777).toBe(0o600);
    await expect(readdir(words)).resolves.toEqual([]);
  });
});

function npmStart() {
  return execa('npm', ['start'], {
    cwd: root,
    env: { ...environment, ...ports },
    extendEnv: false,
    reject: false,
    all: true,
  });
}

function npmRun(program: string, args: readonly string[], more: Record<string, string> = {}) {
  return execa('npm', ['run', '--silent', program, '--', ...args], {
    cwd: root,
    env: { ...environment, ...more },
    extendEnv: false,
    reject: false,
    timeout: COMMAND_TIMEOUT_MS,
  });
}

/** Runs commands as in a terminal, with the addresses of this stack. curl fails if its request is refused. */
function paste(commands: string, { cwd }: { cwd: string }) {
  const here = commands.replaceAll('127.0.0.1:4010', `127.0.0.1:${ports.STACK_RIDENDINE_PORT}`);
  const strict = `curl() { command curl --silent --show-error --fail-with-body "$@"; }\nnpm() { command npm --prefix '${root}' "$@"; }`;
  return execa('bash', ['-euo', 'pipefail', '-c', `${strict}\n${here}`], {
    cwd,
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    timeout: COMMAND_TIMEOUT_MS,
  });
}

async function samplesOf(page: string, language: string): Promise<string[]> {
  const text = await readFile(path.join(root, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);
}

async function secret(name: string): Promise<string> {
  return (await readFile(path.join(dataDir, 'secrets', name), 'utf8')).trim();
}

/** The names of the credentials that a text contains. */
async function secretsIn(text: string): Promise<string[]> {
  const names = await readdir(path.join(dataDir, 'secrets'));
  const secrets = await Promise.all(names.map(async (name) => [name, await secret(name)] as const));
  const gatewayKey = (await readFile(path.join(dataDir, 'gateway-key'), 'utf8')).trim();
  return [...secrets, ['gateway-key', gatewayKey] as const]
    .filter(([, value]) => text.includes(value))
    .map(([name]) => name);
}

function hostsIn(text: string): string[] {
  return [...new Set([...text.matchAll(/https?:\/\/([^\s/:"'\\)]+):\d+/g)].map(([, host = '']) => host))];
}

async function currentDetailsOf(workflowId: string): Promise<string> {
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.STACK_TEMPORAL_PORT}` });
  const dataConverter = dataConverterFor(parseEncryptionKeys(await secret('encryption-keys')));
  try {
    const metadata = await new Client({ connection, dataConverter }).workflow
      .getHandle(workflowId)
      .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return metadata.currentDetails ?? '';
  } finally {
    await connection.close();
  }
}
