import { startHttpFront } from './http-front.ts';

/** A proxy before RideNDine. It holds every call that makes an order until the test releases them. */
export interface HeldPartner {
  url: string;
  /** Resolves when the first call has arrived. */
  isAsked: Promise<void>;
  /** Passes on the held calls, and from now on every call at once. */
  release(): void;
  close(): Promise<void>;
}

export async function holdPartner(target: string): Promise<HeldPartner> {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const front = await startHttpFront({
    target,
    hold: async ({ path }) => {
      if (path !== '/orders/create') return;
      asked.resolve();
      await released.promise;
    },
  });
  return { url: front.url, isAsked: asked.promise, release: released.resolve, close: () => front.close() };
}
