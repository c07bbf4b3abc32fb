import { describe, expect, it } from '@jest/globals';
import { PRODUCTION_SERVER } from '../../bench/results.ts';
import type { Sample } from '../../bench/results.ts';
import { describeCapacity, planCapacity, usualDemand } from '../../scripts/capacity-plan.ts';
import type { Demand, MeasuredCosts } from '../../scripts/capacity-plan.ts';

const conditions = {
  measuredOn: '2026-01-31',
  rounds: 1,
  machine: { cores: 2, processor: 'any', memoryGb: 8, system: 'Linux', loadBefore: 0 },
};

const sample = (changes: Partial<Sample>): Sample => ({
  variant: 'workflow',
  round: 1,
  partnerMs: 20,
  parallel: 32,
  orders: 100,
  p50Ms: 300,
  p95Ms: 400,
  p99Ms: 500,
  ordersPerSecond: 20,
  cpuMs: { gateway: 10, worker: 40, temporal: 50, directus: 20, postgres: 10 },
  threadCpuMs: { gateway: 5, worker: 20, directus: 20 },
  memoryBytes: { worker: 100e6 },
  ...changes,
});

const costs: MeasuredCosts = {
  whole: {
    ...conditions,
    samples: [sample({})],
    atRest: { worker: 50 },
    history: { events: 18, bytes: 15_000 },
    directusBytes: 13_000,
  },
  orchestration: { ...conditions, samples: [], waitsMs: [], atRest: {}, temporalBytes: null },
};

const demand = (changes: Partial<Demand>): Demand => ({
  ordersPerSecond: 10,
  partnerMs: 400,
  partnerTimeoutMs: 15_000,
  utilisation: 0.5,
  retentionDays: 30,
  ...changes,
});

const planFor = (changes: Partial<Demand> = {}) => planCapacity(costs, demand(changes));
const partOf = (plan: ReturnType<typeof planFor>, name: string) => plan.parts.find((part) => part.name === name);

describe('the capacity plan', () => {
  it('has as many processes as one thread each can carry the orders', () => {
    // An order takes 20 ms of a thread, and the thread may be busy for half of each second: 25 orders a second.
    expect(partOf(planFor({ ordersPerSecond: 100 }), 'worker')).toMatchObject({ processes: 4, carries: 100 });
    expect(partOf(planFor({ ordersPerSecond: 101 }), 'worker')).toMatchObject({ processes: 5, carries: 125 });
  });

  it('has two of what can be several, so that one may stop', () => {
    const plan = planFor({ ordersPerSecond: 1 });

    expect(['gateway', 'worker', 'directus', 'temporal'].map((name) => partOf(plan, name)?.processes)).toEqual([
      2, 2, 2, 1,
    ]);
  });

  it('gives cores for the orders and for what each process uses at rest', () => {
    // 100 orders a second at 40 ms each, and 4 processes at rest. Each core may be used by half.
    expect(partOf(planFor({ ordersPerSecond: 100 }), 'worker')?.cores).toBeCloseTo((100 * 0.04 + 4 * 0.05) / 0.5);
    expect(partOf(planFor({ ordersPerSecond: 100 }), 'temporal')?.cores).toBeCloseTo(10);
  });

  it('counts the activity slots in use as the rate by the time that RideNDine takes', () => {
    expect(planFor({ partnerMs: 400 }).activitySlots).toEqual({
      inUse: 4,
      needed: 8,
      whenPartnerHangs: 150,
      available: 200,
    });
  });

  it('counts what is stored', () => {
    const plan = planFor({ ordersPerSecond: 10 });

    expect(plan.temporalBytesPerDay).toBeCloseTo(10 * 86_400 * 15_000);
    expect(plan.directusBytesPerDay).toBeCloseTo(10 * 86_400 * 13_000);
  });

  it('counts with a production server where that was measured', () => {
    const production = sample({
      variant: PRODUCTION_SERVER,
      partnerMs: null,
      cpuMs: { temporal: 25, 'temporal database': 10 },
    });
    const plan = planCapacity(
      {
        ...costs,
        orchestration: {
          ...costs.orchestration,
          samples: [production],
          atRest: { [PRODUCTION_SERVER]: {} },
          temporalBytes: 40_000,
        },
      },
      demand({ ordersPerSecond: 100 }),
    );

    expect(partOf(plan, 'temporal')?.cores).toBeCloseTo(5);
    expect(partOf(plan, 'temporal database')?.cores).toBeCloseTo(2);
    expect(plan.temporalBytesPerDay).toBeCloseTo(100 * 86_400 * 40_000);
  });

  it('carries the orders that it is made for, whatever their number', () => {
    for (const ordersPerSecond of [0.1, 1, 7, 10, 33, 100, 1000]) {
      const short = planFor({ ordersPerSecond }).parts.filter(({ carries }) => carries < ordersPerSecond);

      expect(short).toEqual([]);
    }
  });
});

describe('the report of a capacity plan', () => {
  it('says that what is beyond the measured is extrapolated', () => {
    expect(describeCapacity(costs, { ...usualDemand, ordersPerSecond: 200 })).toContain('extrapolated by 10.0 times');
    expect(describeCapacity(costs, { ...usualDemand, ordersPerSecond: 20 })).not.toContain('extrapolated');
  });

  it('says whose figures those of Temporal are', () => {
    expect(describeCapacity(costs, demand({}))).toContain("Temporal's are of its dev server");
  });

  it('says when the usual slots are not enough', () => {
    const report = describeCapacity(costs, { ...usualDemand, ordersPerSecond: 100, partnerMs: 10_000 });

    expect(report).toMatch(/^Calls to RideNDine under way: 1000\.0\. .*NOT ENOUGH\.$/m);
  });
});
