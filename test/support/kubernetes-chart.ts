import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { findKubernetesTools } from './find-kubernetes-tools.ts';

export const chart = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
/** The values of an installation that sets only what is required. */
const exampleValues = path.join(chart, 'example-values.yaml');

export interface Ended {
  exitCode: number | undefined;
  output: string;
}

const variable = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }) }).optional(),
});

const probe = z.object({
  exec: z.object({ command: z.array(z.string()) }).optional(),
  httpGet: z.object({ path: z.string(), port: z.string() }).optional(),
  periodSeconds: z.number(),
  timeoutSeconds: z.number(),
  failureThreshold: z.number().default(3),
});

const container = z.object({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()),
  env: z.array(variable),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }).optional(),
  securityContext: z.unknown(),
  resources: z.object({
    requests: z.record(z.string(), z.string()),
    limits: z.record(z.string(), z.string()),
  }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() })),
});

const podTemplate = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    automountServiceAccountToken: z.boolean(),
    terminationGracePeriodSeconds: z.number().default(30),
    securityContext: z.unknown(),
    containers: z.tuple([container]),
    volumes: z.array(z.looseObject({ name: z.string() })),
  }),
});

export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; labels: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

export type Pod = z.output<typeof podTemplate>;

/** Renders the chart with the example's values and `values`. @throws Error with Helm's message if Helm refuses. */
export async function renderChart(values: object = {}): Promise<Resource[]> {
  const { exitCode, stdout, stderr } = await withValues(values, (args) =>
    helm('template', 'shop', chart, '--namespace', 'orders', ...args),
  );
  if (exitCode !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null);
}

/** Runs `helm lint` with `base` and `values`. @returns its exit code and output. */
export async function lintChart(values: object = {}, base = [exampleValues]): Promise<Ended> {
  const { exitCode, stdout, stderr } = await withValues(
    values,
    (args) => helm('lint', chart, '--strict', '--kube-version', oldestKubernetes(), ...args),
    base,
  );
  return { exitCode, output: `${stdout}\n${stderr}` };
}

/** The pod template of a resource that starts pods. */
export function podOf(resource: Resource): Pod {
  return podTemplate.parse(resource.spec['template']);
}

/** The variables of a pod by their names. Each is a value, or the Secret and its key as `secret/key`. */
export function variablesOf(pod: Pod): Record<string, string> {
  return Object.fromEntries(
    pod.spec.containers[0].env.map(({ name, value, valueFrom }) => [
      name,
      value ?? `${valueFrom?.secretKeyRef.name}/${valueFrom?.secretKeyRef.key}`,
    ]),
  );
}

/** Checks resources of Kubernetes itself with kubernetes-validate. */
export async function validate(resources: Resource[], kubernetesVersion: string): Promise<Ended> {
  const { validate: validator } = await findKubernetesTools(process.env);
  return await withFile(resources, async (file) => {
    const args = [...validator.args, '--strict', '--quiet', '--kubernetes-version', kubernetesVersion, file];
    const ended = await execa(validator.command, args, {
      env: validator.env,
      extendEnv: false,
      all: true,
      reject: false,
    });
    return { exitCode: ended.exitCode, output: ended.all };
  });
}

/** Checks resources of Kubernetes itself with kube-score. @param ignored names of checks to leave out. */
export async function score(resources: Resource[], ignored: string[]): Promise<Ended> {
  const { kubeScore } = await findKubernetesTools(process.env);
  return await withFile(resources, async (file) => {
    const ignoring = ignored.flatMap((name) => ['--ignore-test', name]);
    // The chart sets no CPU limit, since a limit would stop a program in the middle of an order.
    const args = [
      'score',
      '--output-format',
      'ci',
      '--exit-one-on-warning',
      '--ignore-container-cpu-limit',
      ...ignoring,
    ];
    const ended = await execa(kubeScore, [...args, file], { all: true, reject: false });
    return { exitCode: ended.exitCode, output: ended.all };
  });
}

/**
 * Checks resources of other projects by the definitions of these projects. A field that a definition does not name is
 * a fault here: Kubernetes would drop such a field without a message.
 *
 * @throws Error if there is no definition for the kind of a resource.
 */
export async function faultsByDefinition(resources: Resource[]): Promise<string[]> {
  const { definitions } = await findKubernetesTools(process.env);
  const schemas = new Map(definitions.flatMap((file) => schemasOf(readFileSync(file, 'utf8'))));
  return resources.flatMap(({ apiVersion, kind, metadata, ...rest }) => {
    const schema = schemas.get(`${apiVersion} ${kind}`);
    if (schema === undefined) throw new Error(`There is no definition of ${apiVersion} ${kind}.`);
    const { error } = schema.safeParse({ apiVersion, kind, metadata, ...rest });
    return error === undefined ? [] : [`${kind} ${metadata.name}: ${z.prettifyError(error)}`];
  });
}

export function oldestKubernetes(): string {
  const [, version = ''] = /^kubeVersion: '>=([\d.]+)-0'$/m.exec(readFileSync(`${chart}/Chart.yaml`, 'utf8')) ?? [];
  return version;
}

const definitionSchema = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    versions: z.array(
      z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: z.record(z.string(), z.unknown()) }) }),
    ),
  }),
});

function schemasOf(definition: string): [string, z.ZodType][] {
  const { group, names, versions } = definitionSchema.parse(parse(definition)).spec;
  return versions.map(({ name, schema }) => [
    `${group}/${name} ${names.kind}`,
    z.fromJSONSchema(closed(schema.openAPIV3Schema) as Parameters<typeof z.fromJSONSchema>[0]),
  ]);
}

/** The same schema, but it refuses properties that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inside: Record<string, unknown> = Object.fromEntries(
    Object.entries(schema)
      // Left out: Kubernetes' own formats and rules, and Go patterns that JavaScript cannot read.
      .filter(([key]) => !key.startsWith('x-kubernetes-') && key !== 'format' && key !== 'description')
      .filter(([key, value]) => key !== 'pattern' || !String(value).includes('(?i)'))
      .map(([key, value]) => [key, closed(value)]),
  );
  const isOpen = 'additionalProperties' in schema || 'x-kubernetes-preserve-unknown-fields' in schema;
  return 'properties' in schema && !isOpen ? { ...inside, additionalProperties: false } : inside;
}

async function helm(...args: string[]) {
  const tools = await findKubernetesTools(process.env);
  return await execa(tools.helm, args, { reject: false });
}

async function withValues<Result>(
  values: object,
  use: (args: string[]) => Promise<Result>,
  base = [exampleValues],
): Promise<Result> {
  return await withFile([values], (file) => use([...base, file].flatMap((one) => ['--values', one])));
}

async function withFile<Result>(documents: object[], use: (file: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubernetes-chart-'));
  try {
    const file = path.join(folder, 'documents.yaml');
    // Helm reads YAML 1.1, in which an unquoted off means false.
    await writeFile(file, documents.map((one) => stringify(one, { version: '1.1' })).join('---\n'));
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
