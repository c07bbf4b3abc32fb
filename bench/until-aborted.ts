/** Rejects with the signal's reason when it is aborted: for a race with work that knows of no signal. */
export async function failWhenAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
