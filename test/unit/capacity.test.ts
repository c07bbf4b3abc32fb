import { describe, expect, it } from '@jest/globals';
import { describeCapacity, usualDemand } from '../../bench/capacity-report.ts';
import { planCapacity } from '../../bench/capacity.ts';
import type { Demand, MeasuredCosts, PartCost } from '../../bench/capacity.ts';

const part = (name: string, changes: Partial<PartCost> = {}): PartCost => ({
  name,
  cpuMsPerOrder: 10,
  threadCpuMsPerOrder: undefined,
  cpuMsPerSecondAtRest: 0,
  memoryBytes: 100e6,
  ...changes,
});

const costs: MeasuredCosts = {
  measuredOn: '2026-01-31',
  cores: 2,
  ordersPerSecond: 20,
  parts: [
    part('gateway', { threadCpuMsPerOrder: 5 }),
    part('worker', { threadCpuMsPerOrder: 20, cpuMsPerOrder: 40, cpuMsPerSecondAtRest: 50 }),
    part('temporal', { cpuMsPerOrder: 50 }),
  ],
  isProductionTemporal: false,
  stepsMs: { createRideNDineOrder: 60, saveLinkIds: 40 },
  workflowTask: { count: 5, waitMs: 4, runMs: 10 },
  temporalBytes: 15_000,
  directusBytes: 13_000,
};

const demand = (changes: Partial<Demand>): Demand => ({
  ordersPerSecond: 10,
  partnerMs: 400,
  partnerTimeoutMs: 15_000,
  utilisation: 0.5,
  retentionDays: 30,
  ...changes,
});

const planFor = (changes: Partial<Demand> = {}, changedCosts: Partial<MeasuredCosts> = {}) =>
  planCapacity({ ...costs, ...changedCosts }, demand(changes));
const partOf = (plan: ReturnType<typeof planFor>, name: string) => plan.parts.find((one) => one.name === name);

describe('the capacity plan', () => {
  it('has as many processes as one thread each can carry the orders', () => {
    // 20 ms of a thread that may be busy for half of each second: 25 orders.
    expect(partOf(planFor({ ordersPerSecond: 100 }), 'worker')).toMatchObject({
      processes: 4,
      ordersPerSecondEach: 25,
    });
    expect(partOf(planFor({ ordersPerSecond: 101 }), 'worker')).toMatchObject({ processes: 5 });
  });

  it('has two of what can be several, so that one may stop', () => {
    expect(partOf(planFor({ ordersPerSecond: 1 }), 'worker')?.processes).toBe(2);
    expect(partOf(planFor({ ordersPerSecond: 1 }), 'gateway')?.processes).toBe(2);
    expect(partOf(planFor({ ordersPerSecond: 1 }), 'temporal')?.processes).toBe(1);
  });

  it('gives cores for the orders and for what each process uses at rest', () => {
    // 100 orders at 40 ms and 4 processes at rest, at half of each core.
    expect(partOf(planFor({ ordersPerSecond: 100 }), 'worker')?.cores).toBeCloseTo((100 * 0.04 + 4 * 0.05) / 0.5);
    expect(partOf(planFor({ ordersPerSecond: 100 }), 'temporal')?.cores).toBeCloseTo(10);
  });

  it('counts the slots in use as the rate by the time that the steps take', () => {
    // 100 ms of ours and 400 ms of the partner's.
    expect(planFor({ ordersPerSecond: 10 }).activitySlots).toMatchObject({ inUse: 5, needed: 10, available: 200 });
    expect(planFor({ partnerMs: 1900 }).activitySlots.inUse).toBeCloseTo(20);
  });

  it('counts the slots of a partner that lets calls run into their time-out', () => {
    expect(planFor({ ordersPerSecond: 10, partnerTimeoutMs: 15_000 }).activitySlots.whenPartnerHangs).toBe(151);
  });

  it('counts workflow tasks by how long they are held, and pollers by how long one waits for a task', () => {
    const plan = planFor({ ordersPerSecond: 100 });

    expect(plan.workflowTaskSlots).toMatchObject({ inUse: 5, needed: 10, available: 800 });
    expect(plan.workflowTaskPollers).toMatchObject({ inUse: 2, needed: 4, available: 40 });
  });

  it('counts calls to the partner, and what is stored', () => {
    const plan = planFor({ ordersPerSecond: 10, partnerMs: 400, retentionDays: 10 });

    expect(plan.partnerCalls).toBeCloseTo(4);
    expect(plan.temporalGb).toBeCloseTo((10 * 86_400 * 10 * 15_000) / 1e9);
    expect(plan.directusGbPerMonth).toBeCloseTo((10 * 86_400 * 30 * 13_000) / 1e9);
  });

  it('names what is full first', () => {
    // Two workers carry 50; one core for Temporal, half of it, carries 10.
    const [first, second] = planFor({ ordersPerSecond: 9 }).limits;

    expect(first).toEqual({ what: 'temporal', ordersPerSecond: 10, remedy: 'more than 1 core for temporal' });
    expect(second).toMatchObject({ what: 'worker', ordersPerSecond: 50 });
  });

  it('finds slots that are full before any process is', () => {
    const [first] = planFor({ ordersPerSecond: 9, partnerMs: 60_000 }).limits;

    // 200 slots, half of them in use, by 60.1 s.
    expect(first?.what).toBe('activity slots');
    expect(first?.ordersPerSecond).toBeCloseTo(100 / 60.1);
  });

  it('carries the orders that it is made for, whatever their number', () => {
    for (const ordersPerSecond of [0.1, 1, 7, 10, 33, 100, 1000]) {
      const { limits } = planFor({ ordersPerSecond });
      const short = limits.filter((limit) => limit.ordersPerSecond < ordersPerSecond).map(({ what }) => what);

      // Slots and pollers are as they are set: the plan says whether they are enough.
      expect(short.filter((what) => !what.startsWith('activity') && !what.startsWith('workflow'))).toEqual([]);
    }
  });
});

describe('the report of a capacity plan', () => {
  it('says that what is beyond the measured is extrapolated', () => {
    expect(describeCapacity(costs, { ...usualDemand, ordersPerSecond: 200 })).toContain(
      'extrapolated by 10 times: costs',
    );
    expect(describeCapacity(costs, { ...usualDemand, ordersPerSecond: 20 })).not.toContain('extrapolated');
  });

  it('says whose figures those of Temporal are', () => {
    const ofDevServer = "Temporal's are of its dev server";
    const some = { ...usualDemand, ordersPerSecond: 20 };

    expect(describeCapacity({ ...costs, isProductionTemporal: false }, some)).toContain(ofDevServer);
    expect(describeCapacity({ ...costs, isProductionTemporal: true }, some)).not.toContain(ofDevServer);
  });

  it('says when the usual slots are not enough', () => {
    const report = describeCapacity(costs, { ...usualDemand, ordersPerSecond: 100, partnerMs: 10_000 });

    expect(report).toMatch(/^activity slots .*NOT ENOUGH$/m);
  });
});
