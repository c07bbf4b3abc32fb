/**
 * Runs `work` until it ends or one of `signals` is aborted. `work` gets a signal of its own, which is aborted with the
 * first of `signals`, for the same reason, and also when `work` ends.
 *
 * `AbortSignal.any` makes such a signal, too. But ky combines the signal that it gets once more. If the signal contains
 * a time-out, Node 24 then keeps in memory every combined signal that was not aborted.
 *
 * @throws the reason of the aborted signal, at once: nobody waits for what `work` still does.
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
