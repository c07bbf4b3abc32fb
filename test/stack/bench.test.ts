import { expect, it } from '@jest/globals';
import { namedChanges } from '../../bench/named-changes.ts';
import { measureChanges } from '../../bench/parts/changes.ts';
import { measureGrowth } from '../../bench/parts/growth.ts';
import { measureOrchestration } from '../../bench/parts/orchestration.ts';
import { measureProfile } from '../../bench/parts/profile.ts';
import { measureSoak } from '../../bench/parts/soak.ts';
import { measureWhole } from '../../bench/parts/whole.ts';
import type { Sample } from '../../bench/results.ts';
import { startDevServer } from '../../bench/temporal-servers.ts';
import { silentProgress as progress } from '../../stack/progress.ts';

const TIMEOUT_MS = 600_000;

/** The smallest plan that can be measured. These tests do not check times, because nobody promises any. */
const plan = { rounds: 1, parallel: [1, 2], warmUpOrders: 2, ordersFor: () => 4, atRestMs: 200 };

const loadsOf = (samples: Sample[]) =>
  samples.map(({ variant, parallel, orders }) => `${variant} ${parallel}: ${orders}`);
const used = (samples: Sample[], variant: string, process: string) =>
  samples.filter((sample) => sample.variant === variant).reduce((sum, { cpuMs }) => sum + (cpuMs[process] ?? 0), 0);

it(
  'measures orders by gateway and worker, by both in one process, and by a handler without Temporal',
  async () => {
    const { samples, history, atRest, directusBytes } = await measureWhole({
      // The system counts CPU in steps of 10 ms: a shorter rest would not tell how much the processes take at rest.
      plan: { ...plan, partnersMs: [20], atRestMs: 2_000 },
      progress,
    });

    expect(loadsOf(samples)).toEqual([
      'workflow 1: 4',
      'one process 1: 4',
      'plain handler 1: 4',
      'workflow 2: 4',
      'one process 2: 4',
      'plain handler 2: 4',
    ]);
    for (const { p50Ms, p99Ms, ordersPerSecond } of samples) {
      expect(p50Ms).toBeGreaterThan(20);
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
      expect(ordersPerSecond).toBeGreaterThan(0);
    }
    for (const process of ['gateway', 'worker', 'temporal', 'directus', 'postgres'])
      expect(atRest[process]).toBeGreaterThanOrEqual(0);
    // Each variant uses its own processes.
    expect(used(samples, 'workflow', 'worker')).toBeGreaterThan(used(samples, 'one process', 'worker'));
    expect(used(samples, 'one process', 'gateway with worker')).toBeGreaterThan(
      used(samples, 'workflow', 'gateway with worker'),
    );
    expect(used(samples, 'plain handler', 'plain handler')).toBeGreaterThan(used(samples, 'workflow', 'plain handler'));
    expect(history.events).toBeGreaterThan(10);
    expect(Math.min(history.bytes, directusBytes)).toBeGreaterThan(1000);
  },
  TIMEOUT_MS,
);

it(
  'measures the workflow alone on a Temporal server',
  async () => {
    const { samples, atRest, waitsMs } = await measureOrchestration({
      plan,
      startServers: [() => startDevServer('memory')],
      progress,
    });

    expect(loadsOf(samples)).toEqual(['dev server, data in memory 1: 4', 'dev server, data in memory 2: 4']);
    for (const { p50Ms } of samples) expect(p50Ms).toBeGreaterThan(waitsMs.reduce((sum, ms) => sum + ms));
    expect(Object.keys(atRest['dev server, data in memory'] ?? {})).toEqual(['temporal', 'worker']);
  },
  TIMEOUT_MS,
);

it(
  'tells where the CPU of an order goes',
  async () => {
    const { causes } = await measureProfile({
      plan: { orders: 60, parallel: 8, warmUpOrders: 10, atRestMs: 200 },
      progress,
    });

    for (const cause of ["Workflow code, Temporal's and ours", "Temporal's core, in Rust", 'Encryption'])
      expect(causes.worker[cause]).toBeGreaterThan(0);
    expect(causes.worker).not.toHaveProperty('HTTP from callers');
    expect(causes.gateway['HTTP from callers']).toBeGreaterThan(0);
    expect(causes.gateway).not.toHaveProperty("Workflow code, Temporal's and ours");
  },
  TIMEOUT_MS,
);

it(
  'measures the workflow with one thing changed at a time',
  async () => {
    const names = ['every step at Directus an activity', 'a look at the order every 50 ms'];
    const { samples, bursts, workerReadyMs } = await measureChanges({
      plan: { ...plan, parallel: [1], bursts: 1, changes: namedChanges.filter(({ name }) => names.includes(name)) },
      progress,
    });

    expect(loadsOf(samples)).toEqual(['as it is', ...names, 'as it is'].map((name) => `${name} 1: 4`));
    expect(Object.keys(samples[0]?.cpuMs ?? {})).toEqual(['temporal', 'worker', 'callers']);
    expect(Object.values(bursts).map(({ all }) => all)).toEqual([2, 1, 1]);
    expect(Object.values(workerReadyMs).flat()).toHaveLength(4);
  },
  TIMEOUT_MS,
);

it(
  'measures how orders take longer with more orders in Directus and with more items',
  async () => {
    const { samples, stored, items } = await measureGrowth({
      plan: {
        ...plan,
        parallel: [1],
        partnerMs: 20,
        stored: [300],
        items: [1, 4],
      },
      progress,
    });

    expect(loadsOf(samples)).toEqual(['items 1 1: 4', 'items 4 1: 4', 'stored 300 1: 4', 'stored again 1: 4']);
    expect(stored).toEqual([300]);
    const [small, large] = items.map(({ history }) => history.bytes);
    expect(large).toBeGreaterThan(small ?? Infinity);
  },
  TIMEOUT_MS,
);

it(
  'measures what orders at a steady rate leave in memory and open',
  async () => {
    const { orders, samples, before, after } = await measureSoak({
      plan: { orders: 25, partnerMs: 20, ordersPerSecond: 5, warmUpOrders: 2, collectEveryMs: 1_000, settleMs: 500 },
      progress,
    });

    expect(orders).toBe(25);
    expect(samples.length).toBeGreaterThan(0);
    for (const { memoryBytes } of samples) expect(Object.keys(memoryBytes)).toEqual(['worker', 'gateway']);
    for (const held of [before, after]) {
      expect(Object.keys(held)).toEqual(['gateway', 'worker', 'temporal', 'directus', 'postgres']);
      for (const { files, sockets } of Object.values(held)) {
        expect(sockets).toBeGreaterThan(0);
        expect(files).toBeGreaterThan(sockets);
      }
    }
  },
  TIMEOUT_MS,
);
