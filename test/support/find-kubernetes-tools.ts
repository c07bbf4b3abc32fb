import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { environmentWith } from '../../stack/child-environment.ts';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { startGo } from './go-program.ts';
import { findPython, installFromPypi } from './python-packages.ts';

const HELM_VERSION = '4.3.2';
const KUBE_SCORE_VERSION = '1.20.0';
/** kubernetes-validate contains the schemas of every version of Kubernetes up to its own version. */
const KUBERNETES_VALIDATE_VERSION = '1.37.0';
const OLDEST_PYTHON = { major: 3, minor: 9 };

/** Files in the Go modules of other projects that define resources which the chart can make. */
const definitions = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
    files: ['servicemonitors', 'prometheusrules', 'alertmanagerconfigs'].map(
      (plural) => `monitoring.coreos.com_${plural}.yaml`,
    ),
  },
  {
    module: 'github.com/kedacore/keda/v2@v2.21.0',
    folder: 'config/crd/bases',
    files: ['keda.sh_scaledobjects.yaml', 'keda.sh_triggerauthentications.yaml'],
  },
];

type Environment = Record<string, string | undefined>;

export interface KubernetesTools {
  /** Paths of the programs. */
  helm: string;
  kubeScore: string;
  validate: { command: string; args: string[]; env: Record<string, string> };
  /** Paths of files with custom resource definitions. */
  definitions: string[];
}

/**
 * Finds the tools that check the Helm chart, or brings them into the tool cache: Helm and kube-score built by Go,
 * kubernetes-validate from PyPI, the definitions of other projects' resources from their Go modules.
 *
 * @param doing is called before a slow step, with a description of it.
 * @throws Error with one sentence if a tool cannot be found, fetched or built.
 */
export async function findKubernetesTools(
  environment: Environment,
  doing: (what: string) => void = () => {},
): Promise<KubernetesTools> {
  const helm = await cacheTool(`helm-${HELM_VERSION}`, async (folder) => {
    // Helm may need a newer Go, which Go then fetches.
    const go = await startGo({ name: 'Helm', folder, environment: { ...environment, GOTOOLCHAIN: 'auto' } });
    doing('building Helm from source (once, about 4 minutes, 90 MB)');
    await go('install', '-ldflags=-s -w', `helm.sh/helm/v4/cmd/helm@v${HELM_VERSION}`);
  });
  const kubeScore = await cacheTool(`kube-score-${KUBE_SCORE_VERSION}`, async (folder) => {
    const go = await startGo({ name: 'kube-score', folder, environment });
    doing('building kube-score from source (once, about 20 seconds)');
    await go('install', '-ldflags=-s -w', `github.com/zegl/kube-score/cmd/kube-score@v${KUBE_SCORE_VERSION}`);
  });
  return {
    helm: path.join(helm, 'bin', 'helm'),
    kubeScore: path.join(kubeScore, 'bin', 'kube-score'),
    validate: await findValidator(environment, doing),
    definitions: await findDefinitions(environment, doing),
  };
}

async function findValidator(environment: Environment, doing: (what: string) => void) {
  const name = 'kubernetes-validate';
  const python = await findPython({ name, oldest: OLDEST_PYTHON, environment });
  // Some of its parts are compiled for one version of Python.
  const place = `${name}-${KUBERNETES_VALIDATE_VERSION}-python-${python.version}`;
  const folder = await cacheTool(place, async (unfinished) => {
    doing('fetching kubernetes-validate from PyPI (once, about 15 seconds, 120 MB)');
    const what = [`${name}==${KUBERNETES_VALIDATE_VERSION}`];
    await installFromPypi({ name, what, folder: unfinished, environment });
  });
  const env = { ...environmentWith(environment, []), PYTHONPATH: path.join(folder, 'lib') };
  return { command: 'python3', args: ['-m', 'kubernetes_validate'], env };
}

const downloaded = z.object({ Dir: z.string() });

async function findDefinitions(environment: Environment, doing: (what: string) => void): Promise<string[]> {
  const version = definitions.map(({ module }) => module.split('@v')[1]).join('-');
  const folder = await cacheTool(`kubernetes-definitions-${version}`, async (unfinished) => {
    const go = await startGo({ name: 'The definitions of resources', folder: unfinished, environment });
    doing('fetching the definitions of resources (once, some seconds)');
    for (const { module, folder: inside, files } of definitions) {
      const { Dir: source } = downloaded.parse(JSON.parse(await go('mod', 'download', '-json', module)));
      for (const file of files) await copyFile(path.join(source, inside, file), path.join(unfinished, file));
    }
  });
  return definitions.flatMap(({ files }) => files.map((file) => path.join(folder, file)));
}
