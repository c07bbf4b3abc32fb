import { setTimeout as delay } from 'node:timers/promises';

/** A late request is carried out this long after its caller has given up. */
const LATE_MS = 300;

/** Requests that are carried out after their callers have given up. */
export interface LateRequests {
  begin(carryOut: () => unknown): void;
  /** Waits until all of them are carried out. */
  settled(): Promise<void>;
}

export function createLateRequests(): LateRequests {
  const underWay = new Set<Promise<void>>();
  return {
    begin(carryOut) {
      const request = delay(LATE_MS).then(async () => void (await carryOut()));
      underWay.add(request);
      void request.finally(() => underWay.delete(request));
    },
    async settled() {
      await Promise.all(underWay);
    },
  };
}

/** The error of undici for a connection that was never made. It proves that nothing was sent. */
export function connectionRefused(): TypeError {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
  return new TypeError('fetch failed', { cause });
}

/** The error of undici for a connection that was lost. Nobody knows what has arrived. */
export function connectionReset(): TypeError {
  const cause = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
  return new TypeError('fetch failed', { cause });
}
