import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

/** A payload in JSON, as Temporal's UI receives it and a codec server accepts it. */
export interface JsonPayload {
  metadata?: Record<string, string>;
  data?: string;
}

const BASE64 = { bytes: String } as const;

/** Every payload of the workflow's history, in the form in which Temporal stores it and gives it to its UI. */
export async function storedPayloadsOf(temporal: Client, workflowId: string): Promise<JsonPayload[]> {
  const history = await temporal.workflow.getHandle(workflowId).fetchHistory();
  const events = proto.temporal.api.history.v1.History.toObject(
    proto.temporal.api.history.v1.History.fromObject(history),
    BASE64,
  );
  return payloadsIn(events);
}

/**
 * Fields that no data converter encrypts: search attributes, by which orders are found; headers, which hold ids; and
 * the SDK's own notes in its markers, which are names and times.
 */
const alwaysClear = new Set(['searchAttributes', 'header', 'data', 'patch-data']);

/** All payloads in `value`, except those that stand in clear in every history. */
export function payloadsIn(value: unknown): JsonPayload[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('metadata' in value && typeof value.metadata === 'object') return [value as JsonPayload];
  return Object.entries(value).flatMap(([name, inside]) => (alwaysClear.has(name) ? [] : payloadsIn(inside)));
}
