import { describe, expect, it } from '@jest/globals';
import proto from '@temporalio/proto';
import { countTakingWorkers, countWorkersOfEachTaker, takersOf } from '../../src/temporal/order-pollers.ts';
import type { TaskQueueDescription } from '../../src/temporal/order-pollers.ts';

const { WORKER_VERSIONING_MODE_VERSIONED } = proto.temporal.api.enums.v1.WorkerVersioningMode;

interface Queue {
  /** The build ids of the workers; null for a worker without one. */
  workers: (string | null)[];
  current?: string;
  ramping?: string;
  percent?: number;
  polledMsAgo?: number;
}

describe('the workers that every order can count on', () => {
  it.each<[string, Queue, number]>([
    ['without a build, where none is current', { workers: [null, null] }, 2],
    ['of the current build alone', { workers: ['1.1', '1.1', '1.0', null], current: '1.1' }, 2],
    ['of the build that has fewer', { workers: ['1.1', '1.2', '1.2'], current: '1.1', ramping: '1.2', percent: 10 }, 1],
    ['none, if the current build has none', { workers: ['1.2'], current: '1.1', ramping: '1.2', percent: 10 }, 0],
    ['none, if the ramped build has none', { workers: ['1.1'], current: '1.1', ramping: '1.2', percent: 0.5 }, 0],
    ['none, if those without a build have the rest', { workers: ['1.2'], ramping: '1.2', percent: 50 }, 0],
    ['of the current build, if nothing is ramped', { workers: ['1.1'], current: '1.1', ramping: '1.2', percent: 0 }, 1],
    ['of the ramped build, if it has all', { workers: ['1.2'], current: '1.1', ramping: '1.2', percent: 100 }, 1],
    ['none, if they have not asked of late', { workers: ['1.1'], current: '1.1', polledMsAgo: 80_000 }, 0],
  ])('are those %s', (_, queue, count) => {
    expect(countWorkersOfEachTaker(description(queue))).toBe(count);
  });

  it('are fewer than those that take orders, if two builds share these', () => {
    const queue = description({ workers: ['1.2', '1.2'], current: '1.1', ramping: '1.2', percent: 10 });

    expect(countTakingWorkers(queue)).toBe(2);
    expect(takersOf(queue)).toEqual([
      { build: { deploymentName: 'order-creation', buildId: '1.1' }, percent: 90, workers: 0 },
      { build: { deploymentName: 'order-creation', buildId: '1.2' }, percent: 10, workers: 2 },
    ]);
  });
});

function description({ workers, current, ramping, percent = 0, polledMsAgo = 0 }: Queue): TaskQueueDescription {
  const seconds = Math.floor((Date.now() - polledMsAgo) / 1000);
  return {
    pollers: workers.map((buildId, index) => ({
      identity: `worker ${index}`,
      lastAccessTime: proto.google.protobuf.Timestamp.fromObject({ seconds }),
      ...(buildId !== null && {
        deploymentOptions: { ...version(buildId), workerVersioningMode: WORKER_VERSIONING_MODE_VERSIONED },
      }),
    })),
    versioningInfo: {
      currentDeploymentVersion: version(current),
      rampingDeploymentVersion: version(ramping),
      rampingVersionPercentage: percent,
    },
  };
}

function version(buildId: string | undefined) {
  return buildId === undefined ? null : { deploymentName: 'order-creation', buildId };
}
