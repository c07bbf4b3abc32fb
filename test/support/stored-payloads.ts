import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

/** As Temporal's UI gets it and a codec server takes it. */
export interface JsonPayload {
  metadata?: Record<string, string>;
  data?: string;
}

const BASE64 = { bytes: String } as const;

/** Every payload of the workflow's history, as Temporal stores it and gives it to its UI. */
export async function storedPayloadsOf(temporal: Client, workflowId: string): Promise<JsonPayload[]> {
  const history = await temporal.workflow.getHandle(workflowId).fetchHistory();
  const events = proto.temporal.api.history.v1.History.toObject(
    proto.temporal.api.history.v1.History.fromObject(history),
    BASE64,
  );
  return payloadsIn(events);
}

/**
 * What no converter of payloads is given: values by which orders are found, headers, which hold ids, and what the SDK itself
 * notes in its markers, which are names and times.
 */
const alwaysClear = new Set(['searchAttributes', 'header', 'data', 'patch-data']);

/** Everything in `value` that is a payload, besides those that stand in clear in every history. */
export function payloadsIn(value: unknown): JsonPayload[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('metadata' in value && typeof value.metadata === 'object') return [value as JsonPayload];
  return Object.entries(value).flatMap(([name, inside]) => (alwaysClear.has(name) ? [] : payloadsIn(inside)));
}
