import { Context } from '@temporalio/activity';

/**
 * Aborted when what the attempt does is for nobody: its worker stops, its time is over or its run is gone. Not when
 * somebody cancels, pauses or resets the step: a call that is under way may still bring the answer. An
 * attempt that was told of one of these is not told when its worker stops: the worker then waits for the call to end, for
 * RIDENDINE_TIMEOUT_MS at most.
 */
export function attemptSignal(): AbortSignal {
  const context = Context.current();
  const { cancellationSignal } = context;
  const ended = new AbortController();
  const look = () => {
    const details = context.cancellationDetails;
    const mayEndWell = details?.cancelRequested || details?.paused || details?.reset;
    if (!mayEndWell) ended.abort(cancellationSignal.reason);
  };
  if (cancellationSignal.aborted) look();
  else cancellationSignal.addEventListener('abort', look, { once: true });
  return ended.signal;
}
