import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { readSettings as readSandboxSettings } from '../../sandbox/ridendine/settings.ts';
import { codecServerVariables, readCodecServerSettings } from '../../src/config/codec-server-settings.ts';
import { parseEnvironment } from '../../src/config/environment.ts';
import { gatewayVariables, readGatewaySettings } from '../../src/config/gateway-settings.ts';
import { temporalVariables } from '../../src/config/temporal-settings.ts';
import { readWorkerSettings, workerVariables } from '../../src/config/worker-settings.ts';
import { searchAttributes } from '../../src/domain/order-creation.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const composeFile = `${root}docker-compose.yml`;
const developmentEnvironment = `${root}compose.dev.env`;

/** The first run fetches and compiles the loader. */
const LOADING_MS = 180_000;

/** What these tests look at, of a project as the Compose specification's loader resolves it. */
const projectSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      build: z.object({ dockerfile: z.string(), args: z.record(z.string(), z.string()) }).optional(),
      command: z.array(z.string()).nullish(),
      restart: z.enum(['no', 'unless-stopped']),
      environment: z.record(z.string(), z.string()).default({}),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
      ports: z.array(z.object({ host_ip: z.string().optional(), published: z.string() })).default([]),
      healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
    }),
  ),
});
type Service = z.output<typeof projectSchema>['services'][string];

const packageJson = z
  .object({ version: z.string(), devDependencies: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync(`${root}package.json`, 'utf8')));

let services: Record<string, Service>;
let warnings: string;

beforeAll(async () => {
  // By itself, since it tells of what it fetches where the loader tells of warnings.
  await execa('go', ['mod', 'download'], { cwd: `${root}test/compose` });
  const loaded = await load(composeFile, developmentEnvironment);
  warnings = loaded.stderr;
  if (loaded.exitCode !== 0) throw new Error(`docker-compose.yml is refused: ${loaded.stderr}`);
  ({ services } = projectSchema.parse(JSON.parse(loaded.stdout)));
}, LOADING_MS);

describe('docker-compose.yml', () => {
  it('is accepted without a warning', () => {
    expect(warnings).toBe('');
  });

  it('is refused, with what to set, when nothing is set', async () => {
    const { exitCode, stderr } = await load(composeFile, '/dev/null');

    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/required variable \w+ is missing a value: set /);
  });

  it('has no default for any secret', () => {
    const named = readFileSync(composeFile, 'utf8').matchAll(/\$\{(\w*(?:PASSWORD|SECRET|TOKEN|KEY)\w*)(..)/g);
    // Whose tokens are taken is no secret, and need not be said.
    const secrets = [...named].filter(([, name]) => name !== 'CODEC_SERVER_TOKEN_SUBJECTS');

    expect(secrets.length).toBeGreaterThan(0);
    expect(secrets.map(([, name, operator]) => [name, operator])).toEqual(secrets.map(([, name]) => [name, ':?']));
  });

  it('pins every image to a full version', () => {
    const unpinned = Object.values(services)
      .map(({ image }) => image)
      .filter((image) => !/^[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.-]+)?$/.test(image));

    expect(unpinned).toEqual([]);
  });

  it('builds our own image under the version of package.json', () => {
    const built = Object.values(services).filter(({ build }) => build !== undefined);

    expect(built.length).toBeGreaterThan(0);
    expect(new Set(built.map(({ image }) => image))).toEqual(new Set([`cooco/order-creation:${packageJson.version}`]));
  });

  it('starts programs that npm run build makes', () => {
    const ours = Object.values(services).filter(({ image }) => image.startsWith('cooco/'));
    const sources = ours.map(({ command }) => command?.[1]?.replace(/^dist\/(.*)\.js$/, '$1.ts'));

    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) expect(existsSync(`${root}${source}`)).toBe(true);
  });

  it('opens ports on this machine alone', () => {
    const ports = Object.values(services).flatMap((service) => service.ports);

    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter(({ host_ip: address }) => address !== '127.0.0.1')).toEqual([]);
  });

  it('waits only for what says when it is ready or done', () => {
    const waits = Object.entries(services).flatMap(([name, service]) =>
      Object.entries(service.depends_on).map(([other, { condition }]) => ({ name, other, condition })),
    );
    const endless = waits.filter(({ other, condition }) => {
      const awaited = services[other];
      if (condition === 'service_healthy') return awaited?.healthcheck === undefined;
      if (condition === 'service_completed_successfully') return awaited?.restart !== 'no';
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

    expect(command).toEqual(['node', 'dist/src/temporal-apply/main.js']);
    expect(environment).toEqual({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'default' });
    expect(() => parseEnvironment(temporalVariables.strict(), environment)).not.toThrow();
    expect(after).toMatchObject({ 'temporal-namespace': { condition: 'service_completed_successfully' } });
    for (const { name } of Object.values(searchAttributes)) expect(sources.join('\n')).not.toContain(name);
  });

  it('makes the build of its image current, once the worker runs', () => {
    const { command, environment, depends_on: after, restart, build } = serviceOf('worker-build-current');

    expect(command?.slice(0, 3)).toEqual(['node', 'dist/src/deployment/main.js', 'current']);
    expect(environment).toEqual({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'default' });
    expect(after).toEqual({ worker: { condition: 'service_started' } });
    expect(restart).toBe('no');
    expect(build?.args).toEqual({ BUILD_ID: packageJson.version });
    expect(serviceOf('worker').build?.args).toEqual(build?.args);
  });

  it.each([
    { name: 'worker', variables: workerVariables, read: readWorkerSettings },
    { name: 'gateway', variables: gatewayVariables, read: readGatewaySettings },
    { name: 'codec-server', variables: codecServerVariables, read: readCodecServerSettings },
  ])('gives the $name every setting that fits there, and none that it does not know', (program) => {
    const { environment } = serviceOf(program.name);
    // A container can not listen on the loopback address of its machine, so no secret path is proof there.
    // Which build a worker is, its image says.
    const elsewhere =
      /^TEMPORAL_(CONFIG_FILE|PROFILE|API_KEY|TLS)|^WORKER_(DEPLOYMENT_NAME|BUILD_ID)$|^CODEC_SERVER_PATH_SEGMENT$/;
    const known = Object.keys(program.variables.shape).filter((variable) => !elsewhere.test(variable));

    expect(Object.keys(environment).toSorted()).toEqual(known.toSorted());
    expect(() => program.read(environment)).not.toThrow();
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

  it('gives the administrator of Directus to nobody but Directus and its schema', () => {
    const token = serviceOf('directus').environment['ADMIN_TOKEN'];
    const holders = Object.entries(services).filter(([, { environment }]) =>
      Object.values(environment).includes(token ?? ''),
    );

    expect(holders.map(([name]) => name).toSorted()).toEqual(['directus', 'directus-schema']);
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

function serviceOf(name: string): Service {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}.`);
  return found;
}

/** The specification's own loader is in Go. */
async function load(file: string, environmentFile: string) {
  const result = await execa('go', ['run', '.', file, environmentFile], { cwd: `${root}test/compose`, reject: false });
  if (result.code === 'ENOENT') {
    throw new Error('docker-compose.yml is checked by a Go program: install Go 1.24 or newer (https://go.dev/dl).');
  }
  return result;
}
