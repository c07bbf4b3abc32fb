import { TemporalAccessError } from '../temporal/temporal-access.ts';
import type { OperatorError } from './operator-error.ts';

/** Whether Temporal gave no answer: it may give one later. */
export function isSilent(error: unknown): boolean {
  return error instanceof TemporalAccessError && ['no answer in time', 'unreachable'].includes(error.trouble);
}

/** @param otherwise what to say where Temporal gives no answer: what was sent may have arrived all the same. */
export async function answered<Result>(asked: Promise<Result>, otherwise: OperatorError): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw isSilent(error) ? otherwise : error;
  }
}

/** @param unreadable what to say where Temporal's answer cannot be had, for whatever other reason. */
export async function readable<Result>(
  asked: Promise<Result>,
  unreadable: (error: TemporalAccessError) => OperatorError,
): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof TemporalAccessError ? unreadable(error) : error;
  }
}
