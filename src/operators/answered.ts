import { TemporalAccessError } from '../temporal/temporal-access.ts';
import type { OperatorError } from './operator-error.ts';

/** @param otherwise what to say where Temporal gives no answer: what was sent may have arrived all the same. */
export async function answered<Result>(asked: Promise<Result>, otherwise: OperatorError): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    const isSilent =
      error instanceof TemporalAccessError && ['no answer in time', 'unreachable'].includes(error.trouble);
    throw isSilent ? otherwise : error;
  }
}
