import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { COMPOSE_LOADING_MS, developmentEnvironment, loadComposeProject } from '../support/compose-project.ts';
import type { ComposeService } from '../support/compose-project.ts';
import { PROMETHEUS_VERSION } from '../support/find-prometheus.ts';
import { promtool } from '../support/promtool.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const prometheusFile = `${root}deploy/prometheus/prometheus.yml`;
const provisioning = `${root}deploy/grafana/provisioning`;

let services: Record<string, ComposeService>;
beforeAll(async () => {
  ({ services } = await loadComposeProject(developmentEnvironment));
}, COMPOSE_LOADING_MS);

/** The targets that Prometheus scrapes, as `service:port`, by the name of the job. */
function scraped(): Map<string, string> {
  const text = readFileSync(prometheusFile, 'utf8');
  const jobs = text.matchAll(/job_name: (\w+)\n\s+dns_sd_configs: \[\{ names: \[([\w-]+)\], type: A, port: (\d+)/g);
  return new Map([...jobs].map(([, job = '', name, port]) => [job, `${name}:${port}`]));
}

describe('deploy/prometheus', () => {
  it('is judged by the Prometheus whose version the compose file names', () => {
    expect(services['prometheus']?.image).toBe(`prom/prometheus:v${PROMETHEUS_VERSION}`);
  });

  it('is what Prometheus takes, with the alerts', async () => {
    const { exitCode, output } = await promtool(['check', 'config', prometheusFile]);

    expect(output).toContain('rule files found');
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  });

  it('reads worker, gateway and Temporal where the compose file has them tell of themselves', () => {
    expect(scraped()).toEqual(
      new Map([
        ['worker', `worker:${services['worker']?.environment['WORKER_METRICS_ADDRESS']?.split(':')[1]}`],
        ['gateway', `gateway:${services['gateway']?.environment['GATEWAY_PORT']}`],
        ['temporal', `temporal:${services['temporal']?.environment['PROMETHEUS_ENDPOINT']?.split(':')[1]}`],
      ]),
    );
  });

  it('is where the compose file tells Prometheus to look', () => {
    const { command, volumes } = services['prometheus'] ?? {};
    const configuration = volumes?.find(({ type }) => type === 'bind');

    expect(command).toContain(`--config.file=${configuration?.target}/${path.basename(prometheusFile)}`);
    expect(configuration?.source).toBe(path.dirname(prometheusFile));
  });
});

describe('deploy/grafana', () => {
  it('is where the compose file tells Grafana to look', () => {
    const { environment, volumes } = services['grafana'] ?? {};
    const mounted = volumes?.find(({ type }) => type === 'bind');

    expect(mounted?.source).toBe(path.dirname(provisioning));
    expect(environment?.['GF_PATHS_PROVISIONING']).toBe(`${mounted?.target}/provisioning`);
    const [, folder] = /path: (\S+)/.exec(read('dashboards/order-creation.yaml')) ?? [];
    expect(folder).toBe(`${mounted?.target}/dashboards`);
    expect(readdirSync(`${root}deploy/grafana/dashboards`).filter((file) => file.endsWith('.json'))).not.toEqual([]);
  });

  it('has the data source for which the dashboards ask, at the address of Prometheus in the compose file', () => {
    const source = read('datasources/prometheus.yaml');
    const dashboards = readdirSync(`${root}deploy/grafana/dashboards`).map((file) =>
      readFileSync(`${root}deploy/grafana/dashboards/${file}`, 'utf8'),
    );
    const asked = new Set(
      dashboards.flatMap((text) => [...text.matchAll(/"uid": "(\w+)"\n\s*\}/g)].map(([, uid]) => uid)),
    );

    expect([...asked]).toEqual([/uid: (\S+)/.exec(source)?.[1]]);
    expect(source).toContain(`url: http://prometheus:${services['prometheus']?.ports[0]?.target}`);
  });
});

function read(file: string): string {
  return readFileSync(`${provisioning}/${file}`, 'utf8');
}
