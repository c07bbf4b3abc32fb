import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { codecServerVariables, readCodecServerSettings } from '../../src/config/codec-server-settings.ts';
import { gatewayVariables, readGatewaySettings } from '../../src/config/gateway-settings.ts';
import { readWorkerSettings, workerVariables } from '../../src/config/worker-settings.ts';
import { planCapacity, usualDemand } from '../../scripts/capacity-plan.ts';
import type { MeasuredCosts } from '../../scripts/capacity-plan.ts';
import { COMPOSE_LOADING_MS, developmentEnvironment, loadComposeProject } from '../support/compose-project.ts';
import type { ComposeService } from '../support/compose-project.ts';
import {
  chart,
  faultsByDefinition,
  lintChart,
  oldestKubernetes,
  podOf,
  renderChart,
  score,
  validate,
  variablesOf,
} from '../support/kubernetes-chart.ts';
import type { Pod, Resource } from '../support/kubernetes-chart.ts';
import { promtool } from '../support/promtool.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NEWEST_KUBERNETES = '1.37.0';
/** For a run of Helm, and of Python with a big schema. */
const SLOW_MS = 60_000;

/** Everything that can be switched on beside a Deployment of workers. */
const everything = {
  temporal: {
    settings: { TEMPORAL_TLS_SERVER_NAME: 'temporal.example' },
    tls: { secret: 'temporal-certificate', hasAuthority: true },
  },
  worker: { keda: { enabled: true } },
  gateway: { autoscaling: { enabled: true } },
  monitoring: {
    serviceMonitor: true,
    alerts: true,
    labels: { release: 'prometheus' },
    alertmanager: {
      enabled: true,
      webhookUrl: { name: 'alerts', key: 'url' },
      email: {
        to: 'orders@example.com',
        from: 'alerts@example.com',
        smarthost: 'mail.example:587',
        username: 'alerts',
        password: { name: 'alerts', key: 'password' },
      },
    },
  },
  pods: {
    labels: { team: 'orders' },
    tolerations: [{ key: 'orders', operator: 'Exists' }],
    volumes: [{ name: 'profiles', configMap: { name: 'temporal-profiles' } }],
    volumeMounts: [{ name: 'profiles', mountPath: '/etc/temporal/profiles', readOnly: true }],
  },
};

const byController = { worker: { controller: { enabled: true }, autoscaling: { enabled: true, slots: true } } };

const isOfKubernetes = ({ apiVersion }: Resource) =>
  /^(v1|apps\/|batch\/|policy\/|autoscaling\/|networking)/.test(apiVersion);
const startsPods = ({ spec }: Resource) => 'template' in spec && 'spec' in (spec['template'] as object);

let usual: Resource[];
let full: Resource[];
let services: Record<string, ComposeService>;
beforeAll(async () => {
  usual = await renderChart();
  full = await renderChart(everything);
  ({ services } = await loadComposeProject(developmentEnvironment));
}, COMPOSE_LOADING_MS);

describe('the Helm chart', () => {
  it(
    'is accepted by helm lint',
    async () => {
      for (const values of [{}, everything, byController]) {
        expect(await lintChart(values)).toMatchObject({ exitCode: 0, output: expect.not.stringMatching(/WARN|ERROR/) });
      }
    },
    SLOW_MS,
  );

  it('names everything that has to be said and is not', async () => {
    const { exitCode, output } = await lintChart({}, []);

    expect(exitCode).toBe(1);
    for (const name of [
      'TEMPORAL_ADDRESS',
      'DIRECTUS_URL',
      'RIDENDINE_BASE_URL',
      'CODEC_SERVER_UI_ORIGINS',
      'CODEC_SERVER_TOKEN_ISSUER',
      'CODEC_SERVER_TOKEN_AUDIENCE',
      'CODEC_SERVER_TOKEN_KEYS_URL',
    ]) {
      expect(output).toContain(`/settings/${name}'`);
    }
  });

  it.each([
    ['a misspelt setting', { worker: { settings: { RIDENDINE_TIMEOUT: 1000 } } }, 'RIDENDINE_TIMEOUT'],
    ['a setting of another program', { gateway: { settings: { DIRECTUS_URL: 'http://d' } } }, 'DIRECTUS_URL'],
    ['a secret by its value', { worker: { settings: { DIRECTUS_TOKEN: 'canary' } } }, 'DIRECTUS_TOKEN'],
    ['a bare off, which is false in YAML', { worker: { settings: { WORKER_SWEEP: false } } }, 'WORKER_SWEEP'],
    ['a grace that it cannot double', { worker: { settings: { WORKER_SHUTDOWN_GRACE: '15 sec' } } }, 'SHUTDOWN_GRACE'],
    ['a misspelt value', { gateway: { replica: 3 } }, 'replica'],
  ])('refuses %s', async (_what, values, name) => {
    const { exitCode, output } = await lintChart(values);

    expect(exitCode).toBe(1);
    expect(output).toContain(name);
    expect(output).not.toContain('canary');
  });

  it.each([
    [{ worker: { keda: { enabled: true }, controller: { enabled: true } } }, 'worker.keda scales one Deployment'],
    [{ worker: { keda: { enabled: true }, autoscaling: { enabled: true } } }, 'would scale the same workers'],
  ])('refuses two scalers of the same workers: %j', async (values, problem) => {
    await expect(renderChart(values)).rejects.toThrow(problem);
  });

  it('refuses a form to decide in whose key no gateway knows', async () => {
    const form = { directusSchema: { settings: { GATEWAY_URL: 'http://shop-gateway:3000' } } };

    await expect(renderChart({ jobs: form })).rejects.toThrow('gateway.secrets.OPERATOR_API_KEYS');
    await expect(renderChart({ jobs: form, gateway: { enabled: false } })).resolves.not.toEqual([]);
  });

  it(
    'makes what the oldest Kubernetes that it allows and the newest accept',
    async () => {
      const resources = [...usual, ...full, ...(await renderChart(byController))].filter(isOfKubernetes);

      for (const version of [oldestKubernetes(), NEWEST_KUBERNETES]) {
        expect(await validate(resources, version)).toEqual({ exitCode: 0, output: '' });
      }
    },
    SLOW_MS,
  );

  it(
    'is not accepted with a field that Kubernetes does not have',
    async () => {
      const deployment = usual.find(({ kind }) => kind === 'Deployment');
      const spoilt = { ...deployment, spec: { ...deployment?.spec, replica: 2 } } as Resource;

      const { exitCode, output } = await validate([spoilt], NEWEST_KUBERNETES);

      expect(exitCode).not.toBe(0);
      expect(output).toContain('replica');
    },
    SLOW_MS,
  );

  /** The checks of kube-score that are left out, and why. */
  const notChecked = [
    // The tag is pinned. A pod that starts while the registry is unreachable need not wait for the registry.
    'container-image-pull-policy',
    // The container runs as the image's user, without capabilities, privileges and a writable file system.
    'container-security-context-user-group-id',
    // The topology spread does that, also over zones.
    'deployment-has-host-podantiaffinity',
    // Both probes ask the same question, but the probe that restarts the pod is more patient.
    'pod-probes-identical',
  ];

  it(
    'is accepted by kube-score',
    async () => {
      // KEDA's resource is not part of Kubernetes, so with KEDA kube-score would not find what scales the workers.
      const scaled = await renderChart({ ...everything, worker: { autoscaling: { enabled: true, slots: true } } });
      for (const resources of [usual, scaled]) {
        const { exitCode, output } = await score(resources.filter(isOfKubernetes), notChecked);

        expect(output.split('\n').filter((line) => !/^\[(OK|SKIPPED)\]/.test(line))).toEqual([]);
        expect(exitCode).toBe(0);
      }
    },
    SLOW_MS,
  );

  it('is not accepted by kube-score without its network policies', async () => {
    const { exitCode, output } = await score(
      usual.filter((resource) => isOfKubernetes(resource) && resource.kind !== 'NetworkPolicy'),
      notChecked,
    );

    expect(exitCode).toBe(1);
    expect(output).toContain('NetworkPolicy');
  });

  it('has the fields that the Prometheus Operator and KEDA define, and no other', async () => {
    const ofOthers = full.filter((resource) => !isOfKubernetes(resource));

    expect(new Set(ofOthers.map(({ kind }) => kind))).toEqual(
      new Set(['ServiceMonitor', 'PrometheusRule', 'AlertmanagerConfig', 'ScaledObject', 'TriggerAuthentication']),
    );
    expect(await faultsByDefinition(ofOthers)).toEqual([]);
    const monitor = ofOthers.find(({ kind }) => kind === 'ServiceMonitor');
    const spoilt = { ...monitor, spec: { ...monitor?.spec, endpoint: [] } } as Resource;
    expect(await faultsByDefinition([spoilt])).toEqual([expect.stringContaining('endpoint')]);
  });

  it('is of the version of package.json, and starts its image', () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync(`${root}package.json`, 'utf8')));
    const images = usual.filter(startsPods).map((resource) => podOf(resource).spec.containers[0].image);

    expect(parse(readFileSync(`${chart}/Chart.yaml`, 'utf8'))).toMatchObject({ version, appVersion: version });
    expect(new Set(images)).toEqual(new Set([services['worker']?.image]));
  });
});

describe('what the chart starts', () => {
  it('is worker, gateway, codec server and the jobs, with the commands of compose', () => {
    const commands = Object.fromEntries(
      usual.filter(startsPods).map((resource) => {
        const [{ name, command }] = podOf(resource).spec.containers;
        return [name, withoutWait(command)];
      }),
    );

    expect(commands).toEqual({
      worker: commandOfCompose('worker'),
      gateway: commandOfCompose('gateway'),
      'codec-server': commandOfCompose('codec-server'),
      'directus-schema': commandOfCompose('directus-schema'),
      'search-attributes': commandOfCompose('temporal-search-attributes'),
      'current-build': commandOfCompose('worker-build-current'),
    });
  });

  it('is confined: no root, no privilege, no capability, nothing to write to but /tmp, no token of Kubernetes', () => {
    const pods = full.filter(startsPods).map(podOf);

    expect(pods.length).toBeGreaterThan(5);
    for (const { spec } of pods) {
      const [{ securityContext, volumeMounts }] = spec.containers;
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec['enableServiceLinks']).toBe(false);
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(volumeMounts.filter(({ readOnly }) => readOnly !== true)).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
    }
  });

  it('holds no secret: each stands in a Secret that the chart does not make', () => {
    const secrets = usual.filter(startsPods).flatMap((resource) =>
      podOf(resource)
        .spec.containers[0].env.filter(({ valueFrom }) => valueFrom !== undefined)
        .map(({ name }) => name),
    );

    expect([...new Set(secrets)].toSorted()).toEqual([
      'DIRECTUS_ADMIN_TOKEN',
      'DIRECTUS_TOKEN',
      'ENCRYPTION_KEYS',
      'GATEWAY_API_KEYS',
      'RIDENDINE_API_KEY',
    ]);
    expect(full.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  it('takes each secret from where the values say', async () => {
    const resources = await renderChart({
      secret: 'shop-secrets',
      worker: { secrets: { RIDENDINE_API_KEY: { name: 'partner', key: 'api-key' }, DIRECTUS_TOKEN: { key: 'token' } } },
    });

    expect(variablesOf(podNamed(resources, 'worker'))).toMatchObject({
      RIDENDINE_API_KEY: 'partner/api-key',
      DIRECTUS_TOKEN: 'shop-secrets/token',
      ENCRYPTION_KEYS: 'shop-secrets/ENCRYPTION_KEYS',
    });
  });

  it('runs the preparations before the rest, and makes the build current after it', () => {
    const jobs = usual
      .filter(({ kind }) => kind === 'Job')
      .map(({ metadata }) => [metadata.name, metadata.annotations?.['helm.sh/hook']]);

    expect(Object.fromEntries(jobs)).toEqual({
      'shop-directus-schema': 'pre-install,pre-upgrade',
      'shop-search-attributes': 'pre-install,pre-upgrade',
      'shop-current-build': 'post-install,post-upgrade,post-rollback',
    });
    expect(variablesOf(podNamed(usual, 'current-build'))['WORKER_BUILD_ID']).toBe(
      variablesOf(podNamed(usual, 'worker'))['WORKER_BUILD_ID'],
    );
  });

  it('spreads over machines and zones', () => {
    for (const { spec } of usual.filter(({ kind }) => kind === 'Deployment').map(podOf)) {
      expect(spec['topologySpreadConstraints']).toMatchObject([
        { topologyKey: 'kubernetes.io/hostname' },
        { topologyKey: 'topology.kubernetes.io/zone' },
      ]);
    }
  });

  it('has at least the memory and CPU that the measured costs give each of two for 10 orders a second', async () => {
    const costs = JSON.parse(await readFile(`${root}bench/measured.json`, 'utf8')) as MeasuredCosts;
    const { parts } = planCapacity(costs, { ...usualDemand, ordersPerSecond: 10 });

    for (const name of ['worker', 'gateway']) {
      const { requests, limits } = podNamed(usual, name).spec.containers[0].resources;
      const { processes, memoryBytes, cores } = parts.find((part) => part.name === name) ?? {};
      const [memory, cpu] = [Number(memoryBytes) / Number(processes), Number(cores) / Number(processes)];
      expect(bytes(requests['memory'])).toBeGreaterThanOrEqual(memory);
      expect(bytes(limits['memory'])).toBeGreaterThanOrEqual(1.5 * memory);
      expect(Number(requests['cpu']?.replace('m', '')) / 1000).toBeGreaterThanOrEqual(cpu);
    }
  });
});

describe('settings', () => {
  const valuesSchema = z.record(
    z.string(),
    z.object({
      properties: z
        .record(z.string(), z.object({ properties: z.record(z.string(), z.unknown()).optional() }).loose())
        .optional(),
    }),
  );
  const schema = valuesSchema.parse(
    (JSON.parse(readFileSync(`${chart}/values.schema.json`, 'utf8')) as { properties: unknown }).properties,
  );
  const settable = (...blocks: string[]) =>
    blocks
      .flatMap((block) => ['settings', 'secrets'].map((kind) => schema[block]?.properties?.[kind]?.properties ?? {}))
      .flatMap((properties) => Object.keys(properties));

  it.each([
    { name: 'worker', shape: workerVariables.shape, blocks: ['temporal', 'encryption', 'tracing', 'worker'] },
    { name: 'gateway', shape: gatewayVariables.shape, blocks: ['temporal', 'encryption', 'tracing', 'gateway'] },
    { name: 'codec server', shape: codecServerVariables.shape, blocks: ['encryption', 'codecServer'] },
  ])('of the $name can all be set, and no others', ({ shape, blocks }) => {
    // A secret path is only allowed on a loopback address, and a container cannot listen on that of its machine. The
    // Worker Controller sets two variables itself.
    const elsewhere = /^CODEC_SERVER_PATH_SEGMENT$|^TEMPORAL_(DEPLOYMENT_NAME|WORKER_BUILD_ID)$/;

    expect(settable(...blocks).toSorted()).toEqual(
      Object.keys(shape)
        .filter((name) => !elsewhere.test(name))
        .toSorted(),
    );
  });

  it.each([
    { name: 'worker', read: readWorkerSettings, also: { WORKER_BUILD_ID: '1.0.0' } },
    { name: 'gateway', read: readGatewaySettings, also: {} },
    { name: 'codec-server', read: readCodecServerSettings, also: {} },
  ])('of the $name are those of compose, where compose has no variable for them', ({ name, read, also }) => {
    const here = variablesOf(podNamed(usual, name));
    const compose = services[name]?.environment ?? {};
    const fixed = Object.entries(here).filter(([variable, value]) => compose[variable] === value);

    // Addresses and secrets differ. The chart passes on no variable that compose does not pass on.
    const { WORKER_BUILD_ID: build, ...rest } = here;
    expect(build === undefined ? {} : { WORKER_BUILD_ID: build }).toEqual(also);
    expect(Object.keys(compose)).toEqual(expect.arrayContaining(Object.keys(rest)));
    expect(Object.fromEntries(fixed)).toMatchObject(
      Object.fromEntries(
        [
          'WORKER_SHUTDOWN_GRACE',
          'WORKER_METRICS_ADDRESS',
          'GATEWAY_HOST',
          'GATEWAY_PORT',
          'CODEC_SERVER_HOST',
          'CODEC_SERVER_PORT',
          'NODE_ENV',
        ]
          .filter((variable) => variable in compose)
          .map((variable) => [variable, compose[variable]]),
      ),
    );
    expect(() => read({ ...compose, ...here, ...secretsFrom(compose) })).not.toThrow();
  });

  it('of the job for Directus are those of compose', async () => {
    const resources = await renderChart({
      gateway: { secrets: { OPERATOR_API_KEYS: {} } },
      jobs: { directusSchema: { settings: { GATEWAY_URL: 'http://orders-gateway.orders.svc:3000' } } },
    });

    expect(Object.keys(variablesOf(podNamed(resources, 'directus-schema'))).toSorted()).toEqual(
      Object.keys(services['directus-schema']?.environment ?? {}).toSorted(),
    );
  });

  it('are passed on as they are written, and not at all if empty', async () => {
    const resources = await renderChart({
      worker: { settings: { RIDENDINE_TIMEOUT_MS: 120_000, WORKER_SWEEP: 'off', QUOTE_GRACE: '' } },
      gateway: { settings: { GATEWAY_MAX_WAITING: 1_000_000 } },
      tracing: { settings: { OTEL_TRACES_SAMPLER_ARG: 0.05, OTEL_SDK_DISABLED: true } },
    });
    const worker = variablesOf(podNamed(resources, 'worker'));

    expect(worker).toMatchObject({
      RIDENDINE_TIMEOUT_MS: '120000',
      WORKER_SWEEP: 'off',
      OTEL_TRACES_SAMPLER_ARG: '0.05',
      OTEL_SDK_DISABLED: 'true',
    });
    expect(worker).not.toHaveProperty('QUOTE_GRACE');
    expect(variablesOf(podNamed(resources, 'gateway'))['GATEWAY_MAX_WAITING']).toBe('1000000');
  });

  it('find the certificates for Temporal where they are mounted', () => {
    for (const name of ['worker', 'gateway', 'search-attributes', 'current-build']) {
      const pod = podNamed(full, name);
      const [{ volumeMounts }] = pod.spec.containers;
      expect(volumeMounts).toContainEqual({ name: 'temporal-tls', mountPath: '/etc/temporal/tls', readOnly: true });
      expect(pod.spec.volumes).toContainEqual({ name: 'temporal-tls', secret: { secretName: 'temporal-certificate' } });
      expect(variablesOf(pod)).toMatchObject({
        TEMPORAL_TLS_CLIENT_CERT_PATH: '/etc/temporal/tls/tls.crt',
        TEMPORAL_TLS_CLIENT_KEY_PATH: '/etc/temporal/tls/tls.key',
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/etc/temporal/tls/ca.crt',
      });
    }
  });
});

describe('probes and stops', () => {
  it('ask a new worker what compose asks, and later only whether it answers', () => {
    const [{ startupProbe, readinessProbe, livenessProbe, ports }] = podNamed(usual, 'worker').spec.containers;

    expect(startupProbe?.exec?.command).toEqual(services['worker']?.healthcheck?.test.slice(1));
    expect([readinessProbe, livenessProbe]).toMatchObject([
      { httpGet: { path: '/metrics', port: 'metrics' } },
      { httpGet: { path: '/metrics', port: 'metrics' } },
    ]);
    expect(ports).toEqual([{ name: 'metrics', containerPort: 9464 }]);
  });

  it('let a gateway begin when it reaches Temporal, as compose does, and keep it when Temporal fails', () => {
    const [{ startupProbe, readinessProbe, livenessProbe, ports }] = podNamed(usual, 'gateway').spec.containers;

    expect(startupProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(services['gateway']?.healthcheck?.test.join(' ')).toContain(`:${ports[0]?.containerPort}/readyz`);
    for (const probe of [readinessProbe, livenessProbe])
      expect(probe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
    // A gateway that waits for Temporal must not be restarted every minute.
    const patienceS = Number(startupProbe?.periodSeconds) * Number(startupProbe?.failureThreshold);
    expect(patienceS).toBeGreaterThanOrEqual(900);
  });

  it('ask the codec server what compose asks', () => {
    const [{ readinessProbe, ports }] = podNamed(usual, 'codec-server').spec.containers;

    expect(services['codec-server']?.healthcheck?.test.join(' ')).toContain(
      `:${ports[0]?.containerPort}${readinessProbe?.httpGet?.path}`,
    );
  });

  it.each(['worker', 'gateway', 'codec-server'])('give the %s as long to end as compose does', (name) => {
    const { terminationGracePeriodSeconds: graceS, containers } = podNamed(usual, name).spec;
    const beforeS = containers[0].lifecycle?.preStop.sleep.seconds ?? 0;

    expect((graceS - beforeS) * 1000).toBe(services[name]?.stop_grace_period);
    // A program that takes requests goes on taking them until its callers know that it ends.
    expect(beforeS > 0).toBe(name !== 'worker');
  });

  it.each([
    ['45s', 90],
    ['2m', 240],
    ['1h', 7200],
  ])('give a worker twice its WORKER_SHUTDOWN_GRACE of %s', async (grace, seconds) => {
    const resources = await renderChart({ worker: { settings: { WORKER_SHUTDOWN_GRACE: grace } } });

    expect(podNamed(resources, 'worker').spec.terminationGracePeriodSeconds).toBe(seconds);
  });
});

/** The network peers in a namespace. */
const inNamespace = (name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});

describe('the network', () => {
  it('is closed to every pod but for what it serves and asks', async () => {
    const resources = await renderChart({
      tracing: { settings: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.telemetry.svc:4318' } },
      networkPolicy: { extraEgressPorts: [8443] },
    });
    const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy');
    const ports = Object.fromEntries(
      policies.map(({ metadata, spec }) => {
        const { egress } = z
          .object({ egress: z.array(z.object({ ports: z.array(z.object({ port: z.number() })) })) })
          .parse(spec);
        return [metadata.name, egress.flatMap(({ ports: open }) => open.map(({ port }) => port))];
      }),
    );

    const dns = [53, 53];
    expect(ports).toEqual({
      'shop-worker': [...dns, 7233, 8055, 443, 4318, 8443],
      'shop-gateway': [...dns, 7233, 4318, 8443],
      'shop-codec-server': [...dns, 443, 8443],
      'shop-directus-schema': [...dns, 8055, 8443],
      'shop-search-attributes': [...dns, 7233, 8443],
      'shop-current-build': [...dns, 7233, 8443],
    });
  });

  const proxy = { podSelector: { matchLabels: { app: 'proxy' } } };
  const monitored = { serviceMonitor: true, namespace: 'observers' };

  it.each([
    { what: 'to those who are named', values: {}, worker: undefined, gateway: [proxy] },
    {
      what: "to Prometheus' namespace as well, where the chart has it read the metrics",
      values: { monitoring: monitored },
      worker: [inNamespace('observers')],
      gateway: [proxy, inNamespace('observers')],
    },
    {
      what: 'to those who are named for the metrics, in its place',
      values: { monitoring: monitored, networkPolicy: { metricsFrom: [inNamespace('elsewhere')] } },
      worker: [inNamespace('elsewhere')],
      gateway: [proxy, inNamespace('elsewhere')],
    },
  ])('is open $what, and to nobody else', async ({ values, worker, gateway }) => {
    const { networkPolicy = {} } = values as { networkPolicy?: object };
    const resources = await renderChart({ ...values, networkPolicy: { gatewayFrom: [proxy], ...networkPolicy } });
    const ingressOf = (name: string) =>
      resources.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === name)?.spec['ingress'];

    expect(ingressOf('shop-worker')).toEqual(worker ? [{ ports: [{ port: 'metrics' }], from: worker }] : []);
    expect(ingressOf('shop-gateway')).toEqual([{ ports: [{ port: 'http' }], from: gateway }]);
  });
});

describe('alerts', () => {
  it(
    'are those of deploy/prometheus/alerts.yml, for the metrics of this namespace',
    async () => {
      const rules = z
        .object({
          groups: z.array(z.object({ name: z.string(), rules: z.array(z.looseObject({ expr: z.string() })) })),
        })
        .parse(full.find(({ kind }) => kind === 'PrometheusRule')?.spec);
      const ours = 'namespace="orders"';

      const elsewhere = rules.groups.map(({ name, rules: ofTheGroup }) => ({
        name,
        rules: ofTheGroup.map(({ expr, labels, ...rule }) => ({
          ...rule,
          expr: expr.replaceAll(`{${ours}}`, '').replaceAll(`{${ours},`, '{'),
          labels: Object.fromEntries(Object.entries(labels as object).filter(([label]) => label !== 'namespace')),
        })),
      }));
      expect({ groups: elsewhere }).toEqual(parse(await readFile(`${root}deploy/prometheus/alerts.yml`, 'utf8')));
      for (const { expr } of rules.groups.flatMap((group) => group.rules)) {
        const selectors = [...expr.matchAll(/\b(?:up|(?:cooco|temporal)_\w+)([^\w]|$)/g)].length;
        expect(expr.split(ours)).toHaveLength(selectors + 1);
      }
      expect(await checkRules(rules)).toEqual({ exitCode: 0, output: expect.stringContaining('SUCCESS') });
    },
    // The first run may build promtool.
    20 * SLOW_MS,
  );

  it('of gateways are left out where there is none', async () => {
    const resources = await renderChart({ monitoring: { alerts: true }, gateway: { enabled: false } });

    expect(resources.find(({ kind }) => kind === 'PrometheusRule')?.spec).toMatchObject({
      groups: [{ name: 'order-creation' }],
    });
    expect(resources.filter(({ metadata }) => metadata.name === 'shop-gateway')).toEqual([]);
  });

  it('are not said to reach somebody where nobody is named', async () => {
    await expect(renderChart({ monitoring: { alertmanager: { enabled: true } } })).rejects.toThrow('tells nobody');
  });

  it('find their jobs: the metrics of worker and gateway are read under these names', () => {
    const monitors = full.filter(({ kind }) => kind === 'ServiceMonitor');

    expect(new Set(monitors.map(({ metadata }) => metadata.labels['app.kubernetes.io/component']))).toEqual(
      new Set(['worker', 'gateway']),
    );
    for (const { spec, metadata } of monitors) {
      expect(spec).toMatchObject({ jobLabel: 'app.kubernetes.io/component' });
      const service = full.find(({ kind, metadata: { name } }) => kind === 'Service' && name === metadata.name);
      expect(service?.metadata.labels).toMatchObject((spec['selector'] as { matchLabels: object }).matchLabels);
    }
  });
});

describe('scaling', () => {
  it('by slots keeps a fifth of them free, however many there are', async () => {
    const resources = await renderChart({
      worker: { autoscaling: { enabled: true, slots: true }, settings: { WORKER_MAX_CONCURRENT_ACTIVITIES: 250 } },
    });

    expect(resources.find(({ kind }) => kind === 'HorizontalPodAutoscaler')?.spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'shop-worker' },
      metrics: [{ resource: { name: 'cpu' } }, { pods: { target: { averageValue: '200' } } }],
    });
    expect(named(resources, 'Deployment', 'shop-worker').spec).not.toHaveProperty('replicas');
  });

  it("by KEDA counts the orders that wait for this build, with the workers' own proof", () => {
    expect(named(full, 'ScaledObject', 'shop-worker').spec).toMatchObject({
      scaleTargetRef: { name: 'shop-worker' },
      triggers: [
        {
          type: 'temporal',
          metadata: {
            taskQueue: 'order-creation',
            workerDeploymentName: 'order-creation',
            workerDeploymentBuildId: variablesOf(podNamed(full, 'worker'))['WORKER_BUILD_ID'],
          },
          authenticationRef: { name: 'shop-worker' },
        },
      ],
    });
    expect(named(full, 'TriggerAuthentication', 'shop-worker').spec['secretTargetRef']).toEqual(
      [
        ['cert', 'tls.crt'],
        ['key', 'tls.key'],
        ['ca', 'ca.crt'],
      ].map(([parameter, key]) => ({ parameter, name: 'temporal-certificate', key })),
    );
  });
});

/** The resources as Temporal's Worker Controller 1.8 defines them. Its module is not available here. */
const connectionSpec = z.strictObject({
  hostPort: z.string().regex(/^[a-zA-Z0-9.-]+:[0-9]+$/),
  tls: z.strictObject({ serverName: z.string() }).optional(),
  mutualTLSSecretRef: z.strictObject({ name: z.string() }).optional(),
  apiKeySecretRef: z.strictObject({ name: z.string(), key: z.string() }).optional(),
});
const workerDeploymentSpec = z.strictObject({
  replicas: z.number().optional(),
  workerOptions: z.strictObject({
    connectionRef: z.strictObject({ name: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/) }),
    temporalNamespace: z.string().min(1),
  }),
  rollout: z.strictObject({
    strategy: z.enum(['Manual', 'AllAtOnce', 'Progressive']),
    steps: z
      .array(z.strictObject({ rampPercentage: z.int().min(1).max(99), pauseDuration: z.string() }))
      .min(1)
      .optional(),
  }),
  sunset: z.strictObject({ scaledownDelay: z.string(), deleteDelay: z.string() }),
  template: z.looseObject({}),
});

describe("workers under Temporal's Worker Controller", () => {
  it('are of a WorkerDeployment, whose pods are those of a Deployment', async () => {
    const resources = await renderChart({ worker: { controller: { enabled: true } } });
    const deployment = named(resources, 'WorkerDeployment', 'shop-worker');

    workerDeploymentSpec.parse(deployment.spec);
    expect(deployment.apiVersion).toBe('temporal.io/v1alpha1');
    expect(connectionSpec.parse(named(resources, 'Connection', 'shop-temporal').spec)).toEqual({
      hostPort: 'temporal-frontend.temporal.svc:7233',
    });
    expect(resources.filter(({ metadata }) => metadata.name === 'shop-current-build')).toEqual([]);
    // The same policies, budgets and metrics must find its pods.
    expect(podOf(deployment).metadata.labels).toEqual(podNamed(usual, 'worker').metadata.labels);
    const asDeployment = { ...named(usual, 'Deployment', 'shop-worker') };
    asDeployment.spec = { ...asDeployment.spec, template: deployment.spec['template'] };
    expect(await validate([asDeployment], NEWEST_KUBERNETES)).toEqual({ exitCode: 0, output: '' });
  });

  it('are left the variables that the controller sets, and given none of them twice', async () => {
    const resources = await renderChart({
      worker: { controller: { enabled: true } },
      temporal: { secrets: { TEMPORAL_API_KEY: { name: 'cloud' } } },
    });
    const names = Object.keys(variablesOf(podNamed(resources, 'worker')));

    for (const name of ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY', 'WORKER_BUILD_ID']) {
      expect(names).not.toContain(name);
    }
    expect(connectionSpec.parse(named(resources, 'Connection', 'shop-temporal').spec)).toMatchObject({
      apiKeySecretRef: { name: 'cloud', key: 'TEMPORAL_API_KEY' },
    });
  });

  it('scale build by build', async () => {
    const { spec } = named(await renderChart(byController), 'WorkerResourceTemplate', 'shop-worker');

    expect(spec).toMatchObject({
      workerDeploymentRef: { name: 'shop-worker' },
      template: { kind: 'HorizontalPodAutoscaler', spec: { scaleTargetRef: {}, maxReplicas: 6 } },
    });
  });
});

function commandOfCompose(name: string): string[] {
  return withoutWait(services[name]?.command ?? []);
}

/** A command without the time that it waits. That may differ, because Helm ends its hooks after five minutes. */
function withoutWait(command: string[]): string[] {
  return command.filter((part) => !/^(--wait|\d+m)$/.test(part));
}

function podNamed(resources: Resource[], component: string): Pod {
  const found = resources.find(
    (resource) =>
      startsPods(resource) &&
      resource.metadata.name === `shop-${component}` &&
      resource.kind !== 'WorkerResourceTemplate',
  );
  if (found === undefined) throw new Error(`The chart starts no ${component}.`);
  return podOf(found);
}

function named(resources: Resource[], kind: string, name: string): Resource {
  const found = resources.find((resource) => resource.kind === kind && resource.metadata.name === name);
  if (found === undefined) throw new Error(`The chart makes no ${kind} ${name}.`);
  return found;
}

/** The secrets that compose gives a program. They take the place of references to secrets. */
function secretsFrom(environment: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => /_(KEYS?|TOKEN)$/.test(name)));
}

function bytes(quantity = ''): number {
  const units: Record<string, number> = { Mi: 2 ** 20, Gi: 2 ** 30 };
  return Number.parseInt(quantity, 10) * (units[quantity.slice(-2)] ?? Number.NaN);
}

async function checkRules(rules: object) {
  const folder = await mkdtemp(path.join(tmpdir(), 'chart-alerts-'));
  try {
    await writeFile(path.join(folder, 'alerts.yml'), stringify(rules));
    return await promtool(['check', 'rules', path.join(folder, 'alerts.yml')]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
