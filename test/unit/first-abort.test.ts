import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { untilFirstAbort } from '../../src/runtime/first-abort.ts';

const never = () => new Promise<never>(() => {});

describe('work until the first of several signals', () => {
  it.each([0, 1])('ends at once with the reason of the one that is aborted (%i)', async (which) => {
    const controllers = [new AbortController(), new AbortController()];
    let ended: AbortSignal | undefined;
    const working = untilFirstAbort(
      controllers.map(({ signal }) => signal),
      async (signal) => {
        ended = signal;
        return await never();
      },
    );
    expect(ended?.aborted).toBe(false);

    controllers[which]?.abort(new Error(`reason ${which}`));

    await expect(working).rejects.toThrow(`reason ${which}`);
    expect(ended?.reason).toEqual(new Error(`reason ${which}`));
    for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it.each([
    { how: 'done', work: async () => 'done', outcome: { status: 'fulfilled', value: 'done' } },
    { how: 'failed', work: () => Promise.reject(new Error('failed')), outcome: { status: 'rejected' } },
  ])('that is $how is over, and leaves nothing behind', async ({ work, outcome }) => {
    const { signal } = new AbortController();
    let ended: AbortSignal | undefined;

    const [settled] = await Promise.allSettled([
      untilFirstAbort([signal], async (given) => {
        ended = given;
        return await work();
      }),
    ]);

    expect(settled).toMatchObject(outcome);
    expect(ended?.aborted).toBe(true);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is not begun if one is aborted already', async () => {
    let isBegun = false;

    const working = untilFirstAbort([new AbortController().signal, AbortSignal.abort(new Error('over'))], async () => {
      isBegun = true;
    });

    await expect(working).rejects.toThrow('over');
    expect(isBegun).toBe(false);
  });
});
