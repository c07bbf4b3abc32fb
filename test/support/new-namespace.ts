import { randomUUID } from 'node:crypto';
import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const DAY_S = 86_400;

/** A namespace that nobody else uses, without search attributes. @returns its name. */
export async function newNamespace(
  connection: Connection,
  { namespace = `orders-${randomUUID()}`, retentionDays = 30 } = {},
): Promise<string> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: proto.google.protobuf.Duration.fromObject({ seconds: retentionDays * DAY_S }),
  });
  return namespace;
}
