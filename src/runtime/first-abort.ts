/**
 * Runs `work` until it ends or one of `signals` is aborted, with a signal that is aborted then, too, for the same reason.
 *
 * `AbortSignal.any` makes such a signal, too. But where one that has a time-out in it is combined again, as ky does with
 * those it is given, Node 24 holds on to every one that was not aborted.
 *
 * @throws the reason of the signal that was aborted, at once: whatever `work` still does, nobody waits for it.
 */
export async function untilFirstAbort<Result>(
  signals: AbortSignal[],
  work: (ended: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (const signal of signals) signal.throwIfAborted();
  const ended = new AbortController();
  const aborted = Promise.withResolvers<never>();
  const listening = signals.map((signal) => {
    const onAbort = () => {
      aborted.reject(signal.reason);
      ended.abort(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    return () => signal.removeEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([aborted.promise, work(ended.signal)]);
  } finally {
    ended.abort();
    for (const stop of listening) stop();
  }
}
