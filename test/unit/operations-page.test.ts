import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { exposedName, workerMetrics } from '../../src/telemetry/metrics.ts';
import type { WorkerMetric } from '../../src/telemetry/metrics.ts';
import { orderOutcomes } from '../../src/telemetry/order-outcome.ts';
import { createMetrics } from '../../src/gateway/metrics.ts';
import { WaitingRoom } from '../../src/gateway/waiting-room.ts';
import { alertRules } from '../support/metrics-in-use.ts';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** The cells, row by row, of the table whose first column has this heading. */
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

/** The anchor of a heading, made as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}

/** The sections of the chapter on alerts by their anchors. The text before the first section has the key ''. */
function alertSections(): Map<string, string> {
  const [, below = ''] = page.split('\n## Alerts\n');
  const [chapter = ''] = below.split(/^## /m);
  const [introduction = '', ...sections] = chapter.split(/^### /m);
  return new Map([
    ['', introduction],
    ...sections.map((section) => [anchorOf(section.slice(0, section.indexOf('\n'))), section] as const),
  ]);
}

describe('docs/operations.md', () => {
  it('names metrics that there are', async () => {
    const { registry } = createMetrics({
      waiting: new WaitingRoom(1),
      workers: { count: async () => 1, arePaused: async () => false, close: async () => {} },
    });
    const ofGateway = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    const ofWorker = Object.keys(workerMetrics).map((metric) => exposedName(metric as WorkerMetric));
    const named = new Set([...page.matchAll(/`(cooco_\w+)/g)].map(([, name = '']) => name));
    const others = [...named].filter((name) => ![...ofGateway, ...ofWorker].includes(name));

    expect(named.size).toBeGreaterThan(5);
    // A prefix that the page mentions, and the metrics of `npm run reconcile`.
    expect(others.toSorted()).toEqual([
      'cooco_orders_',
      'cooco_reconciliation_findings',
      'cooco_reconciliation_last_timestamp_seconds',
    ]);
  });

  it.each(alertRules())(
    'has $name where its annotation leads, and says how bad it is',
    ({ name, severity, runbook }) => {
      const [file = '', anchor = ''] = runbook.split('#');
      const isHere = file === 'docs/operations.md';
      const section = (alertSections().get(isHere ? anchor : '') ?? '').replaceAll(/\s+/g, ' ');
      const [, ofTheAlert = ''] = section.split(code(name));

      expect(ofTheAlert).toMatch(new RegExp(`^ \\(${severity}\\)`));
      // Alerts for support staff are listed before the sections, each with a link to the page of support staff.
      expect(ofTheAlert).toContain(isHere ? '' : `](${file.replace('docs/', '')}#${anchor})`);
    },
  );

  it('names every alert once, and no other', () => {
    const named = [...alertSections().values()].flatMap((section) =>
      [...section.matchAll(/`(\w+)`\s\((?:critical|warning)\)/g)].map(([, name = '']) => name),
    );

    expect(named).toHaveLength(alertRules().length);
    expect(new Set(named)).toEqual(new Set(alertRules().map(({ name }) => name)));
  });

  it('explains every outcome of an order', () => {
    expect(table('`outcome` of an order').map(([outcome]) => outcome)).toEqual(orderOutcomes.map(code));
  });
});
