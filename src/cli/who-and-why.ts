import { faultsOfWhoAndWhy, withoutBlanksAtEnds } from '../contract/updates.ts';
import type { WhoAndWhy } from '../contract/updates.ts';
import { UsageError } from './command.ts';

/** Who wants something and why, from the options `--actor` and `--reason`. @throws {UsageError} */
export function whoAndWhyIn(given: Partial<WhoAndWhy>): WhoAndWhy {
  const faults = faultsOfWhoAndWhy(given, (field) => `--${field}`);
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  return withoutBlanksAtEnds(given as WhoAndWhy);
}
