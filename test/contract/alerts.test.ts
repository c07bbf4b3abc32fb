import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { alertRules } from '../support/metrics-in-use.ts';
import { promtool } from '../support/promtool.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const rulesFile = join(root, 'deploy/prometheus/alerts.yml');

/** The values of each series, minute by minute, in promtool's notation. */
type Series = Record<string, string>;

interface Case {
  what: string;
  /** The series that differ from {@link allIsWell}. */
  series?: Series;
  /** The series that are missing. */
  without?: RegExp;
  /** Which alerts fire after this many minutes. All other alerts are silent then. */
  fires: Record<number, string[]>;
}

/** The same value for two hours. */
const always = (value: number) => `${value}x120`;
const rising = (perMinute: number) => `0+${perMinute}x120`;
/** An unknown value for an hour. promtool has no other notation for that. */
const UNKNOWN = 'NaN '.repeat(60).trim();

const worker = 'job="worker",instance="w1"';
const gateway = 'job="gateway",instance="g1"';

const latency = (of: string, le: string, queue = 'order-creation') =>
  `temporal_${of}_schedule_to_start_latency_seconds_bucket{${worker},task_queue="${queue}",le="${le}"}`;
const limited = 'order-creation-ridendine';

const allIsWell: Series = {
  [`up{${worker}}`]: always(1),
  [`up{${gateway}}`]: always(1),
  [`cooco_gateway_order_workers{${gateway}}`]: always(2),
  [`cooco_gateway_temporal_reachable{${gateway}}`]: always(1),
  [`cooco_gateway_requests_total{${gateway},route="/v1/orders",outcome="created",code="none"}`]: rising(60),
  [`cooco_orders_in_review{${worker}}`]: always(0),
  [`cooco_orders_oldest_in_review_seconds{${worker}}`]: always(0),
  [`cooco_review_window_seconds{${worker}}`]: always(3600),
  [`cooco_orders_oldest_unlinked_seconds{${worker}}`]: always(2),
  [`cooco_orders_readable{${worker}}`]: always(1),
  [`cooco_directus_request_seconds_count{${worker},code="none"}`]: rising(240),
  [`cooco_orders_total{${worker},outcome="linked",code="none"}`]: rising(60),
  [`cooco_partner_attempts_total{${worker},outcome="created",code="none"}`]: rising(60),
  [latency('workflow_task', '0.1')]: rising(300),
  [latency('workflow_task', '+Inf')]: rising(300),
  [`cooco_worker_start_timestamp_seconds{${worker}}`]: always(0),
  [`cooco_sweep_interval_seconds{${worker}}`]: always(300),
  [`cooco_sweep_last_completed_timestamp_seconds{${worker}}`]: rising(60),
  [`cooco_sweeps_total{${worker},outcome="completed"}`]: rising(0.2),
};

const partnerAttempts = (outcome: string, code: string) =>
  `cooco_partner_attempts_total{${worker},outcome="${outcome}",code="${code}"}`;
const orders = (outcome: string, code: string) => `cooco_orders_total{${worker},outcome="${outcome}",code="${code}"}`;
const failedRequests = (route: string) =>
  `cooco_gateway_requests_total{${gateway},route="${route}",outcome="failed",code="TemporalUnavailable"}`;

const cases: Case[] = [
  { what: 'all is well', fires: { 30: [], 120: [] } },
  {
    what: 'the last worker is gone, for Prometheus and for Temporal',
    series: { [`up{${worker}}`]: '1x10 0x50', [`cooco_gateway_order_workers{${gateway}}`]: '2x10 0x50' },
    fires: { 11: [], 14: ['NoOrderWorker', 'WorkerMetricsMissing'] },
  },
  { what: 'Prometheus knows of no worker at all', without: /job="worker"/, fires: { 3: ['WorkerMetricsMissing'] } },
  { what: 'one worker of two is gone', series: { 'up{job="worker",instance="w2"}': '1x10 0x50' }, fires: { 30: [] } },
  {
    what: 'the only gateway is gone',
    series: { [`up{${gateway}}`]: '1x10 0x50' },
    fires: { 12: [], 14: ['GatewayMetricsMissing'] },
  },
  {
    what: 'one gateway of two cannot reach Temporal, for a minute and then for good',
    series: { 'cooco_gateway_temporal_reachable{job="gateway",instance="g2"}': '1x5 0 1x14 0x40' },
    fires: { 6: [], 8: [], 24: ['TemporalUnreachable'] },
  },
  {
    what: 'a gateway cannot count workers while Temporal is away, which is no word of the workers',
    series: {
      [`cooco_gateway_order_workers{${gateway}}`]: `2x10 ${UNKNOWN}`,
      [`cooco_gateway_temporal_reachable{${gateway}}`]: '1x10 0x50',
    },
    fires: { 20: ['TemporalUnreachable'] },
  },
  {
    what: 'one answer in ten is 5xx',
    series: { [failedRequests('/v1/orders')]: rising(7) },
    fires: { 4: [], 12: ['GatewayFails'] },
  },
  {
    what: 'probes find a gateway that is not ready, which is no order',
    series: { [failedRequests('/readyz')]: rising(60) },
    fires: { 30: [] },
  },
  {
    what: 'two workers count the same three orders in review',
    series: {
      [`cooco_orders_in_review{${worker}}`]: '0x5 3x55',
      'cooco_orders_in_review{job="worker",instance="w2"}': '0x5 3x55',
    },
    fires: { 19: [], 22: ['OrdersInReview'] },
  },
  {
    what: 'an order in review is decided within a quarter of an hour',
    series: { [`cooco_orders_in_review{${worker}}`]: '0x5 1x13 0x42' },
    fires: { 18: [], 40: [] },
  },
  {
    what: 'a review becomes overdue, until it is decided',
    series: { [`cooco_orders_oldest_in_review_seconds{${worker}}`]: '600+60x60 0x59' },
    fires: { 50: [], 54: ['ReviewOverdue'], 63: [] },
  },
  {
    what: 'an order stays unlinked',
    series: { [`cooco_orders_oldest_unlinked_seconds{${worker}}`]: rising(60) },
    fires: { 10: [], 13: ['OrderUnlinked'], 63: ['OrderUnlinked', 'OrderUnlinkedForAnHour'] },
  },
  {
    what: 'an order stays unlinked while calls to RideNDine are paused',
    series: {
      [`cooco_orders_oldest_unlinked_seconds{${worker}}`]: rising(60),
      [`cooco_partner_paused{${worker}}`]: always(1),
    },
    fires: { 13: [], 63: ['OrderUnlinkedForAnHour'] },
  },
  {
    what: 'one worker of two cannot read Directus',
    series: { 'cooco_orders_readable{job="worker",instance="w2"}': always(0) },
    fires: { 30: [] },
  },
  {
    what: 'no worker can read Directus, and what was counted is taken back',
    series: {
      [`cooco_orders_readable{${worker}}`]: '1x10 0x50',
      [`cooco_orders_in_review{${worker}}`]: `2x10 ${UNKNOWN}`,
      [`cooco_orders_oldest_unlinked_seconds{${worker}}`]: `1200x5 ${UNKNOWN}`,
    },
    fires: { 5: ['OrderUnlinked'], 12: [], 15: ['WaitingOrdersUnknown'], 30: ['WaitingOrdersUnknown'] },
  },
  {
    what: 'every third call to Directus fails',
    series: { [`cooco_directus_request_seconds_count{${worker},code="DirectusUnavailable"}`]: rising(120) },
    fires: { 4: [], 12: ['DirectusFails'] },
  },
  {
    what: 'one order in ten fails',
    series: { [orders('failed', 'RideNDineRejected')]: rising(7) },
    fires: { 4: [], 12: ['OrdersFail'] },
  },
  {
    what: 'many checkouts are refused',
    series: { [orders('refused', 'QuoteExpired')]: rising(60) },
    fires: { 30: [] },
  },
  {
    what: 'one order of few fails',
    series: { [orders('linked', 'none')]: rising(0.1), [orders('failed', 'RideNDineRejected')]: '0x20 1x40' },
    fires: { 25: [], 30: [] },
  },
  {
    what: 'RideNDine answers every third call',
    series: { [partnerAttempts('maybeSent', 'RideNDineUnavailable')]: rising(120) },
    fires: { 4: [], 12: ['RideNDineUnavailable'] },
  },
  {
    what: 'RideNDine refuses our credential for the first time',
    series: { [partnerAttempts('notSent', 'RideNDineUnauthorized')]: '_x20 1x40' },
    fires: { 19: [], 21: ['RideNDineUnauthorized'], 45: [] },
  },
  {
    what: 'RideNDine refuses our credential once more',
    series: { [partnerAttempts('notSent', 'RideNDineUnauthorized')]: '1x30 2x30' },
    fires: { 29: [], 33: ['RideNDineUnauthorized'] },
  },
  {
    what: 'RideNDine answers without the ids for the first time',
    series: { [partnerAttempts('maybeSent', 'RideNDineContractBroken')]: '_x20 1x40' },
    fires: { 19: [], 21: ['RideNDineContractBroken'] },
  },
  {
    what: 'RideNDine answers without the ids once more',
    series: { [partnerAttempts('maybeSent', 'RideNDineContractBroken')]: '1x30 2x30' },
    fires: { 29: [], 33: ['RideNDineContractBroken'] },
  },
  {
    what: 'a build cannot replay a history',
    series: {
      [`temporal_workflow_task_execution_failed_total{${worker},failure_reason="NonDeterminismError"}`]: '_x20 1x40',
    },
    fires: { 19: [], 21: ['WorkflowTasksFail'], 45: [] },
  },
  {
    what: 'a build goes on failing to replay histories',
    series: {
      [`temporal_workflow_task_execution_failed_total{${worker},failure_reason="NonDeterminismError"}`]: '1x30 2+1x30',
    },
    fires: { 29: [], 33: ['WorkflowTasksFail'], 55: ['WorkflowTasksFail'] },
  },
  {
    what: 'workflow tasks wait for seconds',
    series: { [latency('workflow_task', '0.1')]: rising(30), [latency('workflow_task', '5')]: rising(300) },
    fires: { 4: [], 12: ['OrdersWaitForWorkers'] },
  },
  {
    what: 'steps wait for seconds',
    series: {
      [latency('activity', '1')]: rising(30),
      [latency('activity', '5')]: rising(300),
      [latency('activity', '+Inf')]: rising(300),
    },
    fires: { 4: [], 12: ['OrdersWaitForWorkers'] },
  },
  {
    what: 'calls to RideNDine wait for a minute for the limit that is set, and other steps for nothing',
    series: {
      [latency('activity', '1')]: rising(300),
      [latency('activity', '+Inf')]: rising(300),
      [latency('activity', '30', limited)]: rising(30),
      [latency('activity', '60', limited)]: rising(300),
      [latency('activity', '+Inf', limited)]: rising(300),
    },
    fires: { 12: [], 60: [] },
  },
  {
    what: 'calls to RideNDine wait for the limit, and other steps for a worker',
    series: {
      [latency('activity', '1')]: rising(30),
      [latency('activity', '5')]: rising(300),
      [latency('activity', '+Inf')]: rising(300),
      [latency('activity', '60', limited)]: rising(300),
      [latency('activity', '+Inf', limited)]: rising(300),
    },
    fires: { 12: ['OrdersWaitForWorkers'] },
  },
  {
    what: 'sweeps have stopped',
    series: { [`cooco_sweep_last_completed_timestamp_seconds{${worker}}`]: always(300) },
    fires: { 30: [], 40: ['SweepMissing'] },
  },
  {
    what: 'no sweep has been completed since the workers were started, for three intervals',
    without: /^cooco_sweep_last/,
    fires: { 29: [], 31: ['SweepMissing'] },
  },
  {
    what: 'no sweep has been completed by workers that were started in the middle of a long interval',
    series: { [`cooco_sweep_interval_seconds{${worker}}`]: always(7200) },
    without: /^cooco_sweep_last/,
    fires: { 60: [], 120: [] },
  },
  {
    what: 'the worker that swept last is started anew, long before the next sweep is due, beside one that never swept',
    series: {
      [`cooco_sweep_interval_seconds{${worker}}`]: always(600),
      [`cooco_sweep_last_completed_timestamp_seconds{${worker}}`]: '0+60x55 _x60',
      [`cooco_worker_start_timestamp_seconds{${worker}}`]: '0x59 3600x60',
      'cooco_worker_start_timestamp_seconds{job="worker",instance="w2"}': always(0),
    },
    // The alert fires three intervals and a quarter of an hour after the last completed sweep.
    fires: { 82: [], 98: [], 102: ['SweepMissing'] },
  },
  { what: 'sweeps are switched off', without: /^cooco_sweep_/, fires: { 60: [] } },
  {
    what: 'the first sweep fails',
    series: { [`cooco_sweeps_total{${worker},outcome="failed"}`]: '_x20 1x40' },
    fires: { 19: [], 21: ['SweepFails'] },
  },
  {
    what: 'another sweep fails',
    series: { [`cooco_sweeps_total{${worker},outcome="failed"}`]: '1x40 2x40' },
    fires: { 39: [], 43: ['SweepFails'] },
  },
  {
    what: 'a sweep cannot continue an order',
    series: { [`cooco_sweep_orders_total{${worker},result="failed"}`]: '0x20 1x40' },
    fires: { 19: [], 22: ['SweepFails'] },
  },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alerts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the alert rules', () => {
  it('are rules that Prometheus takes', async () => {
    const { exitCode, output } = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', rulesFile]);

    expect(output).toContain(`SUCCESS: ${alertRules().length} rules found`);
    expect(exitCode).toBe(0);
  });

  it.each(cases.map((one) => [one.what, one] as const))('fire, and others do not, when %s', async (what, one) => {
    const file = join(folder, `${cases.indexOf(one)}.json`);
    await writeFile(file, JSON.stringify(promtoolTest(one)));

    const { exitCode, output } = await promtool(['test', 'rules', file]);

    expect({ what, exitCode, output }).toEqual({ what, exitCode: 0, output: expect.stringContaining('SUCCESS') });
  });

  it('each have a case in which they fire', () => {
    const fired = new Set(cases.flatMap(({ fires }) => Object.values(fires).flat()));

    expect(alertRules().filter(({ name }) => !fired.has(name))).toEqual([]);
  });

  it('ask gateways in a group of their own, which is left out where there is none', async () => {
    const [, group = ''] = (await readFile(rulesFile, 'utf8')).split('  - name: order-creation-gateway\n');
    const ofTheGroup = alertRules().filter(({ name }) => group.includes(`- alert: ${name}\n`));

    expect(ofTheGroup.length).toBeGreaterThan(0);
    expect(ofTheGroup).toEqual(alertRules().filter(({ expr }) => expr.includes('gateway')));
  });

  it.each(alertRules().map((rule) => [rule.name, rule] as const))(
    '%s says how bad it is, what it is, what to do and where to read on',
    async (_name, { severity, summary, description, runbook }) => {
      expect(['critical', 'warning']).toContain(severity);
      expect(summary.length).toBeGreaterThan(10);
      expect(description).toMatch(/^[A-Z].*\.$/);
      const [page = '', anchor = ''] = runbook.split('#');
      const headings = (await readFile(join(root, page), 'utf8')).matchAll(/^#+ (.*)$/gm);
      expect([...headings].map(([, heading = '']) => anchorOf(heading))).toContain(anchor);
    },
  );
});

/** The test file for promtool. It may be written as JSON, because JSON is YAML. */
function promtoolTest({ series = {}, without, fires }: Case) {
  const input = Object.entries({ ...allIsWell, ...series }).filter(([name]) => !without?.test(name));
  return {
    rule_files: [rulesFile],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: input.map(([name, values]) => ({ series: name, values })),
        promql_expr_test: Object.entries(fires).map(([minute, alerts]) => ({
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: `${minute}m`,
          exp_samples: alerts.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
        })),
      },
    ],
  };
}

/** The anchor that GitHub makes from a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
