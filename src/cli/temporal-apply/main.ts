import { print, runCommand } from '../command.ts';
import { readTemporalSettings } from '../../config/temporal-settings.ts';
import { registerSearchAttributes, SearchAttributesError } from '../../temporal/search-attributes.ts';
import { withTemporalAccess } from '../../temporal/temporal-access.ts';

/** `npm run temporal:apply`: registers the search attributes of order creation in the Temporal of the environment. */
async function carryOut(): Promise<void> {
  const settings = readTemporalSettings(process.env);
  print(`Temporal at ${settings.address}, namespace ${settings.namespace}`);
  const added = await withTemporalAccess(settings, (temporal) =>
    registerSearchAttributes(temporal, () =>
      print('  The namespace is not there; it may have been created just now: waiting for it up to 10 s.'),
    ),
  );
  for (const name of added) print(`  search attribute ${name} (Keyword) added`);
  print(
    added.length === 0
      ? 'Every search attribute is registered; nothing was changed.'
      : `Done: ${added.length} search attributes added.`,
  );
}

await runCommand({ program: 'temporal:apply', parse: () => ({}), carryOut, expected: [SearchAttributesError] });
