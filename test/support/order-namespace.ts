import type { ConnectionLike } from '@temporalio/client';
import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { withTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { newNamespace } from './new-namespace.ts';

/** Makes a namespace with our search attributes, so that orders can be made in it, apart from all other namespaces. */
export async function newOrderNamespace(connection: ConnectionLike, address: string): Promise<TemporalSettings> {
  const settings = { address, namespace: await newNamespace(connection) };
  await withTemporalAccess(settings, (temporal) => registerSearchAttributes(temporal));
  return settings;
}
