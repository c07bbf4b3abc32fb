import { TemporalAccessError } from '../temporal/temporal-access.ts';
import type { OperatorError } from './operator-error.ts';

/** Whether Temporal gave no answer at all. A later request may get one. */
export function isSilent(error: unknown): boolean {
  return error instanceof TemporalAccessError && ['no answer in time', 'unreachable'].includes(error.trouble);
}

/** @param otherwise the error to throw if Temporal gives no answer. The request may have arrived all the same. */
export async function answered<Result>(asked: Promise<Result>, otherwise: OperatorError): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw isSilent(error) ? otherwise : error;
  }
}

/** @param unreadable makes the error to throw if Temporal's answer cannot be had or read, for whatever reason. */
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
