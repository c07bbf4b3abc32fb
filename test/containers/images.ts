import { createHash } from 'node:crypto';
import { cp, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { isOurs } from '../support/compose-project.ts';
import type { ComposeProject } from '../support/compose-project.ts';
import { findAlertmanager } from '../support/find-alertmanager.ts';
import { findPrometheus } from '../support/find-prometheus.ts';
import { findTemporalServer } from '../support/find-temporal-server.ts';
import { findTemporalUi, TEMPORAL_UI_VERSION } from '../support/find-temporal-ui.ts';
import { openSupervisedFolder } from '../support/supervised-folder.ts';
import { baseImage } from './base-image.ts';
import type { Engine } from './engine.ts';
import { runEngine } from './engine.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const recipes = fileURLToPath(new URL('images', import.meta.url));
const RECIPE_LABEL = 'order-creation.recipe';
const NPM_VERSION = '11.21.2';

/** How one image is made. */
interface Recipe {
  /** The name of the folder with the Dockerfile. */
  name: string;
  /** The name and tag under which the engine stores the image. */
  image: string;
  /** Images that the image is based on, by the argument of the Dockerfile that names them. */
  bases?: Record<string, string>;
  /** What else the image is made of. If one of these values changes, the image is made anew. */
  madeOf?: string[];
  /** Puts programs and files beside the Dockerfile. */
  prepare(context: string): Promise<void>;
}

type Doing = (what: string) => void;

const DEBIAN_12 = 'localhost/order-creation/debian:bookworm';
const DEBIAN_13 = 'localhost/order-creation/debian:trixie';
const BUSYBOX = 'localhost/order-creation/busybox:1';

/**
 * Makes stand-ins for the third-party images of the compose file and for the base image of the Dockerfile, from
 * packages of Debian and npm and from programs built by Go. Stand-ins that the store has already are kept.
 *
 * @throws Error with one sentence if something is not available.
 */
export async function makeStandIns(
  engine: Engine,
  project: Pick<ComposeProject, 'services'>,
  doing: Doing,
): Promise<void> {
  for (const [image, suite] of [
    [DEBIAN_12, 'bookworm'],
    [DEBIAN_13, 'trixie'],
  ] as const) {
    if (!(await isStored(engine, image))) {
      doing(`making Debian's ${suite} by debootstrap (about a minute)`);
      await importDebian(engine, { image, suite });
    }
  }
  const ids = new Map<string, string>();
  for (const recipe of await recipesFor(project, doing)) {
    const { name, image, bases = {} } = recipe;
    const hash = await hashOf(
      recipe,
      Object.values(bases).map((base) => ids.get(base) ?? base),
    );
    ids.set(image, hash);
    if ((await recipeOf(engine, image)) === hash) continue;
    doing(`making the stand-in for ${image}`);
    await withContext(name, async (context) => {
      await recipe.prepare(context);
      const args = Object.entries(bases).flatMap(([arg, base]) => ['--build-arg', `${arg}=${base}`]);
      await build(engine, { image, context, args: [...args, '--label', `${RECIPE_LABEL}=${hash}`] });
    });
  }
}

/** @returns the recipes, in the order in which they must be made. @throws Error if nothing stands in for an image. */
export async function recipesFor({ services }: Pick<ComposeProject, 'services'>, doing: Doing): Promise<Recipe[]> {
  const environment = process.env;
  const node = `docker.io/library/${await baseImage()}`;
  const cli = await temporalCli(doing);
  const directus = await directusPackage();
  const byRepository: Record<string, Omit<Recipe, 'image'>> = {
    postgres: { name: 'postgres', bases: { DEBIAN: DEBIAN_13 }, prepare: async () => {} },
    'temporalio/server': {
      name: 'temporal-server',
      bases: { BUSYBOX },
      async prepare(context) {
        await copyPrograms(context, (await findTemporalServer(environment, doing)).binFolder, 'temporal-server');
      },
    },
    'temporalio/admin-tools': {
      name: 'temporal-admin-tools',
      bases: { BUSYBOX },
      madeOf: [(await execa(cli, ['--version'])).stdout],
      async prepare(context) {
        const { binFolder, schemaFolder } = await findTemporalServer(environment, doing);
        await copyPrograms(context, binFolder, 'temporal-sql-tool');
        await cp(schemaFolder, path.join(context, 'schema'), { recursive: true });
        await copyFile(cli, path.join(context, 'temporal'));
      },
    },
    'temporalio/ui': {
      name: 'temporal-ui',
      bases: { BUSYBOX },
      madeOf: [TEMPORAL_UI_VERSION],
      async prepare(context) {
        await copyPrograms(context, await findTemporalUi(environment, doing), 'ui-server', 'docker.yaml');
      },
    },
    'directus/directus': {
      name: 'directus',
      bases: { NODE: node },
      madeOf: [directus],
      prepare: (context) => writeFile(path.join(context, 'package.json'), directus),
    },
    'prom/prometheus': {
      name: 'prometheus',
      bases: { BUSYBOX },
      prepare: async (context) =>
        copyPrograms(context, await findPrometheus(environment, doing), 'prometheus', 'promtool'),
    },
    'prom/alertmanager': {
      name: 'alertmanager',
      bases: { BUSYBOX },
      prepare: async (context) => copyPrograms(context, await findAlertmanager(environment, doing), 'alertmanager'),
    },
    'grafana/grafana': { name: 'grafana', bases: { BUSYBOX }, prepare: async () => {} },
  };
  const images = new Set(
    Object.values(services)
      .filter((service) => !isOurs(service))
      .map(({ image }) => image),
  );
  return [
    {
      name: 'node',
      image: node,
      bases: { DEBIAN: DEBIAN_12 },
      madeOf: [NPM_VERSION],
      prepare: prepareNode,
    },
    { name: 'busybox', image: BUSYBOX, bases: { DEBIAN: DEBIAN_12 }, prepare: async () => {} },
    ...[...images].map((image) => {
      const [repository = ''] = image.split(':');
      const recipe = byRepository[repository];
      if (recipe === undefined) throw new Error(`Nothing in ${recipes} stands in for ${image} of docker-compose.yml.`);
      return { ...recipe, image: `docker.io/${repository.includes('/') ? '' : 'library/'}${image}` };
    }),
  ];
}

async function copyPrograms(context: string, folder: string, ...names: string[]): Promise<void> {
  for (const name of names) await copyFile(path.join(folder, name), path.join(context, name));
}

async function prepareNode(context: string): Promise<void> {
  await copyFile(process.execPath, path.join(context, 'node'));
  const packages = path.join(context, 'packages');
  await mkdir(packages);
  await execa('npm', ['install', '--prefix', packages, '--no-audit', '--no-fund', `npm@${NPM_VERSION}`]);
  await cp(path.join(packages, 'node_modules/npm'), path.join(context, 'npm'), { recursive: true });
  await rm(packages, { recursive: true });
  const trusted = process.env['NODE_EXTRA_CA_CERTS'] ?? '/etc/ssl/certs/ca-certificates.crt';
  await copyFile(trusted, path.join(context, 'certificates.pem'));
}

/** The image's package.json, with the version of Directus and the overrides that the project itself uses. */
async function directusPackage(): Promise<string> {
  const { devDependencies, overrides, allowScripts } = JSON.parse(
    await readFile(path.join(root, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const { directus } = devDependencies ?? {};
  const manifest = { private: true, type: 'module', dependencies: { directus }, overrides, allowScripts };
  return JSON.stringify(manifest, undefined, 2);
}

async function temporalCli(doing: Doing): Promise<string> {
  const { supervisor, stop } = await openSupervisedFolder('temporal-cli');
  try {
    return await findTemporalCli({
      environment: process.env,
      spawn: (command) => supervisor.spawn(command),
      doing,
      say: doing,
    });
  } finally {
    await stop();
  }
}

/** Makes an image of the smallest Debian, with BusyBox and certificates, from the mirror that this machine uses. */
async function importDebian(engine: Engine, { image, suite }: { image: string; suite: string }): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'debian-'));
  try {
    const file = path.join(folder, 'debian.tar');
    const target = path.join(folder, 'root');
    const packages = '--include=ca-certificates,busybox-static,tzdata';
    await execa('debootstrap', ['--variant=minbase', packages, suite, target, await debianMirror()]);
    for (const name of ['var/cache/apt/archives', 'var/lib/apt/lists', 'var/cache/apt']) {
      await rm(path.join(target, name), { recursive: true, force: true });
    }
    for (const name of ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial']) {
      await mkdir(path.join(target, name), { recursive: true });
    }
    await execa('tar', ['--create', '--numeric-owner', '--directory', target, '--file', file, '.']);
    await runEngine(engine, 'import', file, image);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The Debian mirror in this machine's package sources. @throws Error if there is none. */
async function debianMirror(): Promise<string> {
  const { stdout } = await execa('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Created-By: Packages',
    'Origin: Debian',
    'Component: main',
  ]);
  const mirror = stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) {
    throw new Error('This machine has no source of Debian packages: run this command on a Debian, or where Docker is.');
  }
  return mirror;
}

async function build(
  engine: Engine,
  { image, context, args }: { image: string; context: string; args: string[] },
): Promise<void> {
  const options = ['--isolation', 'chroot', '--network', 'host', '--quiet', '--tag', image];
  // Without this, podman may take the Dockerfile of the folder in which this program runs.
  options.push('--file', path.join(context, 'Dockerfile'));
  await runEngine(engine, 'build', ...options, ...args, context);
}

async function withContext(name: string, work: (context: string) => Promise<void>): Promise<void> {
  const context = await mkdtemp(path.join(tmpdir(), `${name}-image-`));
  try {
    await cp(path.join(recipes, name), context, { recursive: true });
    await work(context);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function hashOf({ name, image, madeOf = [] }: Recipe, bases: string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([image, madeOf, bases]));
  for (const file of (await readdir(path.join(recipes, name))).toSorted()) {
    hash.update(file).update(await readFile(path.join(recipes, name, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function isStored(engine: Engine, image: string): Promise<boolean> {
  return await runEngine(engine, 'image', 'inspect', '--format', '{{.Id}}', image).then(
    () => true,
    () => false,
  );
}

/** The hash of the recipe by which a stored image was made. Undefined if the image is not stored. */
async function recipeOf(engine: Engine, image: string): Promise<string | undefined> {
  const format = `{{index .Labels "${RECIPE_LABEL}"}}`;
  return await runEngine(engine, 'image', 'inspect', '--format', format, image).catch(() => undefined);
}
