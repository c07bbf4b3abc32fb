import { randomUUID } from 'node:crypto';
import type { ConnectionLike } from '@temporalio/client';
import proto from '@temporalio/proto';

const DAY_S = 86_400;

/** Makes a namespace that no other test uses, without search attributes. @returns its name. */
export async function newNamespace(
  connection: ConnectionLike,
  { namespace = `orders-${randomUUID()}`, retentionDays = 30 } = {},
): Promise<string> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: proto.google.protobuf.Duration.fromObject({ seconds: retentionDays * DAY_S }),
  });
  return namespace;
}
