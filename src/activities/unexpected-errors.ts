import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { log } from '@temporalio/activity';

/**
 * Makes sure that only what Temporal knows leaves an activity. Another error is a bug of ours: it is tried again, since
 * the next release may mend it. Its message may repeat what a customer wrote, so only its name and place are told.
 */
export function withoutUnexpectedErrors<Input, Output>(
  activity: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output> {
  return async (input) => {
    try {
      return await activity(input);
    } catch (error) {
      if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
      const [name, place] = nameAndPlace(error);
      log.error(`An error that the activity does not know: ${name} ${place}`);
      throw ApplicationFailure.create({
        type: 'UnexpectedError',
        message: 'The worker met an error that it does not know. Its log says where.',
      });
    }
  };
}

function nameAndPlace(error: unknown): [name: string, place: string] {
  if (!(error instanceof Error)) return [typeof error, 'without a place'];
  const frame = error.stack?.split('\n').find((line) => /^\s+at /.test(line));
  return [error.name, frame?.trim() ?? 'without a place'];
}
