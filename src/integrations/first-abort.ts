/**
 * Runs `work` with a signal that is aborted when the first of `signals` is, with its reason.
 *
 * `AbortSignal.any` makes such a signal, too. But where one that has a time-out in it is combined again, as ky does with
 * those it is given, Node 24 holds on to every one that was not aborted.
 */
export async function untilFirstAbort<Result>(
  signals: AbortSignal[],
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const first = new AbortController();
  const listening = signals.map((signal) => {
    const onAbort = () => first.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    return () => signal.removeEventListener('abort', onAbort);
  });
  try {
    return await work(first.signal);
  } finally {
    for (const stop of listening) stop();
  }
}
