import { startHttpFront } from './http-front.ts';

/** Stands before RideNDine and keeps every call that makes an order, until a test lets them go. */
export interface HeldPartner {
  url: string;
  /** Settles when the first call has come. */
  isAsked: Promise<void>;
  /** Passes on what is kept, and from now on everything at once. */
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
