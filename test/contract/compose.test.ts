import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { readSettings as readSandboxSettings } from '../../sandbox/ridendine/settings.ts';
import { codecServerVariables, readCodecServerSettings } from '../../src/config/codec-server-settings.ts';
import { parseEnvironment } from '../../src/config/environment.ts';
import type { CallerKey } from '../../src/config/caller-keys.ts';
import { gatewayVariables, readGatewaySettings } from '../../src/config/gateway-settings.ts';
import { temporalVariables } from '../../src/config/temporal-settings.ts';
import { readWorkerSettings, workerVariables } from '../../src/config/worker-settings.ts';
import { searchAttributes } from '../../src/contract/runs.ts';
import {
  buildOf,
  COMPOSE_LOADING_MS,
  composeFile,
  developmentEnvironment,
  developmentVariables,
  isOurs,
  loadComposeProject,
  runComposeLoader,
} from '../support/compose-project.ts';
import type { ComposeService } from '../support/compose-project.ts';
import { asEnvironmentFile } from '../production/variables.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const packageJson = z
  .object({ version: z.string(), devDependencies: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync(`${root}package.json`, 'utf8')));

let services: Record<string, ComposeService>;
let warnings: string;

beforeAll(async () => {
  ({ services, warnings } = await loadComposeProject(developmentEnvironment));
}, COMPOSE_LOADING_MS);

describe('docker-compose.yml', () => {
  it('is accepted without a warning', () => {
    expect(warnings).toBe('');
  });

  it('is refused, with what to set, when nothing is set', async () => {
    const { exitCode, stderr } = await runComposeLoader('/dev/null');

    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/required variable \w+ is missing a value: set /);
  });

  it('has no default for any secret', () => {
    const named = readFileSync(composeFile, 'utf8').matchAll(/\$\{(\w*(?:PASSWORD|SECRET|TOKEN|KEY)\w*)(..)/g);
    // These may be empty. The subjects of accepted tokens are not secret. A mail server may need no password. Without
    // operators' keys nobody decides over HTTP.
    const optional = new Set([
      'CODEC_SERVER_TOKEN_SUBJECTS',
      'ALERT_EMAIL_PASSWORD',
      'OPERATOR_API_KEYS',
      'OPERATOR_API_KEY',
    ]);
    const secrets = [...named].filter(([, name = '']) => !optional.has(name));

    expect(secrets.length).toBeGreaterThan(0);
    expect(secrets.map(([, name, operator]) => [name, operator])).toEqual(secrets.map(([, name]) => [name, ':?']));
  });

  it('pins every image to a full version', () => {
    const unpinned = Object.values(services)
      .map(({ image }) => image)
      .filter((image) => !/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.-]+)?$/.test(image));

    expect(unpinned).toEqual([]);
  });

  it('builds our own image once, under the version of package.json, and pulls it for no service', () => {
    const ours = Object.values(services).filter(isOurs);

    expect(ours.length).toBeGreaterThan(5);
    expect(ours.filter(({ build }) => build !== undefined)).toHaveLength(1);
    expect(new Set(ours.map(({ image }) => image))).toEqual(new Set([`cooco/order-creation:${packageJson.version}`]));
    expect(new Set(ours.map(({ pull_policy: policy }) => policy))).toEqual(new Set(['never']));
  });

  it('starts programs that npm run build makes', () => {
    const ours = Object.values(services).filter(isOurs);
    const sources = ours.map(({ command }) => command?.[1]?.replace(/^dist\/(.*)\.js$/, '$1.ts'));

    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) expect(existsSync(`${root}${source}`)).toBe(true);
  });

  it('opens ports on this machine alone', () => {
    const ports = Object.values(services).flatMap((service) => service.ports);

    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter(({ host_ip: address }) => address !== '127.0.0.1')).toEqual([]);
  });

  it('lets no container gain privileges, and gives capabilities to PostgreSQL alone', () => {
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    }
    const withSome = Object.entries(services).filter(([, service]) => service.cap_add.length > 0);
    expect(withSome.map(([name, service]) => [name, service.cap_add])).toEqual([
      ['postgres', ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID']],
    ]);
  });

  it('lets no container write to a place but its volumes and its memory', () => {
    const writable = Object.entries(services).filter(([, service]) => !service.read_only);

    expect(writable.map(([name]) => name)).toEqual([]);
    for (const { tmpfs } of Object.values(services)) {
      for (const mount of tmpfs) expect(mount).toMatch(/^\/[\w./-]+:noexec,nosuid,nodev,mode=1777$/);
    }
  });

  it("runs Temporal's and Directus' programs as the user of their images", () => {
    const users = ['temporal-schema', 'temporal', 'temporal-namespace', 'temporal-ui', 'directus'];

    for (const name of users) expect([name, serviceOf(name).user]).toEqual([name, '1000:1000']);
  });

  it('has no blank in the arguments of a health check', () => {
    const checks = Object.values(services).flatMap(({ healthcheck }) => healthcheck?.test ?? []);

    expect(checks.length).toBeGreaterThan(10);
    expect(checks.filter((argument) => /\s/.test(argument))).toEqual([]);
  });

  it('has a service wait for the end of every one-shot, without which --wait would take it for a failure', () => {
    const oneShots = Object.keys(services).filter((name) => serviceOf(name).restart !== 'unless-stopped');
    const awaited = new Set(
      Object.values(services).flatMap(({ depends_on: others }) =>
        Object.keys(others).filter((other) => others[other]?.condition === 'service_completed_successfully'),
      ),
    );

    expect(oneShots.length).toBeGreaterThan(5);
    expect(oneShots.filter((name) => !awaited.has(name))).toEqual([]);
  });

  it('mounts only what is there, and nothing of it to be written to', () => {
    const mounts = Object.values(services).flatMap(({ volumes }) => volumes.filter(({ type }) => type === 'bind'));

    expect(mounts.length).toBeGreaterThan(4);
    expect(mounts.filter(({ source }) => !existsSync(source))).toEqual([]);
    expect(mounts.filter(({ read_only: isReadOnly }) => !isReadOnly)).toEqual([]);
  });

  it('lets Temporal and Directus open no more connections than PostgreSQL has for them', () => {
    const { SQL_MAX_CONNS, SQL_VIS_MAX_CONNS } = serviceOf('temporal').environment;
    // Frontend, history, matching and worker each have their own pools. Directus opens up to 10 connections by default.
    const most = 4 * (Number(SQL_MAX_CONNS) + Number(SQL_VIS_MAX_CONNS)) + 10;

    // PostgreSQL has 100 connections: three are for the superuser, and some for people.
    expect(most).toBeLessThanOrEqual(92);
  });

  it('waits only for what says when it is ready or done', () => {
    const waits = Object.entries(services).flatMap(([name, service]) =>
      Object.entries(service.depends_on).map(([other, { condition }]) => ({ name, other, condition })),
    );
    const endless = waits.filter(({ other, condition }) => {
      const awaited = services[other];
      if (condition === 'service_healthy') return awaited?.healthcheck === undefined;
      if (condition === 'service_completed_successfully') return awaited?.restart === 'unless-stopped';
      return true;
    });

    expect(waits.length).toBeGreaterThan(0);
    expect(endless).toEqual([]);
  });

  it('starts the worker after the search attributes and the Directus schema, and the gateway after the former', () => {
    expect(serviceOf('worker').depends_on).toMatchObject({
      'temporal-search-attributes': { condition: 'service_completed_successfully' },
      'directus-schema': { condition: 'service_completed_successfully' },
    });
    expect(serviceOf('gateway').depends_on).toMatchObject({
      'temporal-search-attributes': { condition: 'service_completed_successfully' },
    });
  });

  it('has the search attributes registered by our own program, once there is a namespace, and lists none itself', () => {
    const { command, environment, depends_on: after } = serviceOf('temporal-search-attributes');
    const sources = [composeFile, `${root}deploy/temporal/prepare-namespace.sh`].map((file) =>
      readFileSync(file, 'utf8'),
    );

    expect(command).toEqual(['node', 'dist/src/cli/temporal-apply/main.js']);
    expect(environment).toEqual({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'default' });
    expect(() => parseEnvironment(temporalVariables.strict(), environment)).not.toThrow();
    expect(after).toMatchObject({ 'temporal-namespace': { condition: 'service_completed_successfully' } });
    for (const { name } of Object.values(searchAttributes)) expect(sources.join('\n')).not.toContain(name);
  });

  it('makes the build of its image current, when the worker begins, and tries until it is', () => {
    const { command, environment, depends_on: after, restart } = serviceOf('worker-build-current');

    expect(command?.slice(0, 3)).toEqual(['node', 'dist/src/cli/deployment/main.js', 'current']);
    expect(environment).toEqual({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'default' });
    const { 'ridendine-sandbox': _sandbox, ...workerWaits } = serviceOf('worker').depends_on;
    expect(after).toEqual(workerWaits);
    expect(restart).toBe('on-failure');
    expect(buildOf({ services }).args).toEqual({ BUILD_ID: packageJson.version });
  });

  it.each([
    { name: 'worker', variables: workerVariables, read: readWorkerSettings },
    { name: 'gateway', variables: gatewayVariables, read: readGatewaySettings },
    { name: 'codec-server', variables: codecServerVariables, read: readCodecServerSettings },
  ])('gives the $name every setting that fits there, and none that it does not know', (program) => {
    const { environment } = serviceOf(program.name);
    // A secret path is only allowed on a loopback address, and a container cannot listen on that of its machine. The
    // image sets the worker's build.
    const elsewhere =
      /^TEMPORAL_(CONFIG_FILE|PROFILE|API_KEY|TLS)|^(WORKER|TEMPORAL)_(DEPLOYMENT_NAME|(WORKER_)?BUILD_ID)$|^CODEC_SERVER_PATH_SEGMENT$/;
    const known = Object.keys(program.variables.shape).filter((variable) => !elsewhere.test(variable));

    expect(Object.keys(environment).toSorted()).toEqual(known.toSorted());
    expect(() => program.read(environment)).not.toThrow();
  });

  it.each<[string, { OPERATOR_API_KEY?: string; OPERATOR_API_KEYS?: string }, CallerKey[]]>([
    [
      'one for the form',
      { OPERATOR_API_KEY: 'key-of-the-form-0123' },
      [{ caller: 'directus', key: 'key-of-the-form-0123' }],
    ],
    [
      'one for others',
      { OPERATOR_API_KEYS: 'another-key-01234567' },
      [{ caller: 'unnamed', key: 'another-key-01234567' }],
    ],
    [
      'both',
      { OPERATOR_API_KEY: 'key-of-the-form-0123', OPERATOR_API_KEYS: 'another-key-01234567' },
      [
        { caller: 'directus', key: 'key-of-the-form-0123' },
        { caller: 'unnamed', key: 'another-key-01234567' },
      ],
    ],
    ['none', {}, []],
  ])("gives the gateway the key of Directus' form and all others: %s", async (_what, keys, expected) => {
    const { OPERATOR_API_KEY: _key, ...others } = developmentVariables();
    const folder = await mkdtemp(path.join(tmpdir(), 'operator-keys-'));
    try {
      const file = path.join(folder, 'compose.env');
      await writeFile(file, asEnvironmentFile({ ...others, ...keys }));
      const project = await loadComposeProject(file);

      expect(readGatewaySettings(project.services['gateway']?.environment ?? {}).operatorApiKeys).toEqual(expected);
      expect(project.services['directus']?.environment['OPERATOR_API_KEY']).toBe(keys.OPERATOR_API_KEY ?? '');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('lets the codec server take only whom the Temporal UI makes log in, and tells the UI to send their tokens', () => {
    const { environment: ui } = serviceOf('temporal-ui');
    const { environment: codecServer } = serviceOf('codec-server');

    expect(codecServer['CODEC_SERVER_UI_ORIGINS']).toBe(ui['TEMPORAL_CORS_ORIGINS']);
    expect(codecServer['CODEC_SERVER_TOKEN_ISSUER']).toBe(ui['TEMPORAL_AUTH_PROVIDER_URL']);
    expect(ui['TEMPORAL_CODEC_PASS_ACCESS_TOKEN']).toBe('true');
  });

  it('demands that people log in to the Temporal UI unless the environment says otherwise', () => {
    expect(readFileSync(composeFile, 'utf8')).toContain('TEMPORAL_AUTH_ENABLED: ${TEMPORAL_UI_AUTH_ENABLED:-true}');
    expect(serviceOf('temporal-ui').environment['TEMPORAL_AUTH_ENABLED']).toBe('false');
  });

  it('gives the sandbox nothing that it does not read', () => {
    const { environment } = serviceOf('ridendine-sandbox');

    expect(Object.values(readSandboxSettings(environment)).map(String).toSorted()).toEqual(
      Object.values(environment).toSorted(),
    );
  });

  it('gives the administrator of Directus to nobody but Directus, its schema and the demo', () => {
    const token = serviceOf('directus').environment['ADMIN_TOKEN'];
    const holders = Object.entries(services).filter(([, { environment }]) =>
      Object.values(environment).includes(token ?? ''),
    );

    expect(holders.map(([name]) => name).toSorted()).toEqual(['demo-checkout', 'directus', 'directus-schema']);
  });
});

describe('Dockerfile', () => {
  it('tells the worker which build it is, in settings that the worker reads', () => {
    const [, name, argument] =
      /^ARG (BUILD_ID)=\nENV WORKER_DEPLOYMENT_NAME=([\w-]+) WORKER_BUILD_ID=\$BUILD_ID$/m.exec(
        readFileSync(`${root}Dockerfile`, 'utf8'),
      ) ?? [];

    expect([name, argument]).toEqual(['BUILD_ID', 'order-creation']);
    expect(Object.keys(workerVariables.shape)).toEqual(
      expect.arrayContaining(['WORKER_BUILD_ID', 'WORKER_DEPLOYMENT_NAME']),
    );
  });

  it('has the Node of package.json', () => {
    const [, version] = /^FROM node:([\d.]+)-/m.exec(readFileSync(`${root}Dockerfile`, 'utf8')) ?? [];

    expect(version).toBe(packageJson.devDependencies.node);
  });
});

function serviceOf(name: string): ComposeService {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}.`);
  return found;
}
