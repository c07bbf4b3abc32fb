import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { exposedName, workerMetrics } from '../../src/telemetry/metrics.ts';
import type { WorkerMetric } from '../../src/telemetry/metrics.ts';
import { orderOutcomes } from '../../src/telemetry/order-outcome.ts';
import { createMetrics } from '../../src/gateway/metrics.ts';
import { WaitingRoom } from '../../src/gateway/waiting-room.ts';
import { alertRules } from '../support/metrics-in-use.ts';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** The cells of the table whose heading begins so, row by row. */
function table(heading: string): string[][] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  if (start < 0) return [];
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const code = (text: string) => `\`${text}\``;

describe('docs/operations.md', () => {
  it('has every metric of a worker, as the code has it', () => {
    const metrics = Object.entries(workerMetrics).map(([metric, { labels, help }]) => [
      code(exposedName(metric as WorkerMetric)),
      Object.keys(labels).map(code).join(', '),
      help,
    ]);

    expect(table('metric of a worker')).toEqual(metrics);
  });

  it('has every metric of a gateway that is ours, as the code has it', async () => {
    const { registry } = createMetrics({
      waiting: new WaitingRoom(1),
      workers: { count: async () => 1, close: async () => {} },
    });
    const metrics = (await registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith('cooco_'));

    expect(metrics.length).toBeGreaterThan(0);
    expect(table('metric of a gateway').map(([name, , help]) => [name, help])).toEqual(
      metrics.map(({ name, help }) => [code(name), help]),
    );
  });

  it('leads from every alert to the section that its annotation names', () => {
    const links = alertRules().map(({ name, severity, runbook }) => [code(name), severity, runbook.split('#')[1]]);

    expect(links.length).toBeGreaterThan(0);
    expect(
      table('alert').map(([name, severity, link]) => [name, severity, /#([^)]+)\)$/.exec(link ?? '')?.[1]]),
    ).toEqual(links);
  });

  it('explains every outcome of an order', () => {
    expect(table('`outcome` of an order').map(([outcome]) => outcome)).toEqual(orderOutcomes.map(code));
  });
});
