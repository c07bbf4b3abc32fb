import type { Logger, LogMetadata } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import type { DestinationStream } from 'pino';
import { reasonOf } from '../domain/failure-details.ts';
import { createLogger } from './logger.ts';

/**
 * The fields that a log line of the worker may have, each with its name in the line: ids and facts, never arguments,
 * results or causes. Fields of the SDK get names in the style of ours and the gateway's.
 */
const KEPT_METADATA: Readonly<Record<string, string>> = {
  workflowId: 'workflow_id',
  runId: 'run_id',
  workflowType: 'workflow_type',
  order_id: 'order_id',
  request_id: 'request_id',
  trace_id: 'trace_id',
  activityType: 'activity',
  activityId: 'activity_id',
  attempt: 'attempt',
  taskQueue: 'task_queue',
  durationMs: 'ms',
  sdkComponent: 'component',
  // How an order, an attempt or a sweep ended.
  outcome: 'outcome',
  code: 'code',
  seconds: 'seconds',
  status: 'status',
  tried_again: 'tried_again',
  unfinished: 'unfinished',
  continued: 'continued',
  failed: 'failed',
  // Of the worker itself: RUNNING, STOPPING, …
  state: 'state',
};

/**
 * Messages of the SDK that are logged at the level DEBUG, because the SDK's level for them is too high. For failures we
 * log a better line of our own. The worker for the calls to RideNDine has no workflows by design.
 */
const FOR_DEBUGGING = new Set([
  'Activity failed',
  'Workflow failed',
  'No workflows registered, not polling for workflow tasks',
]);

/**
 * Creates a logger for the Temporal SDK that writes one JSON object a line. The SDK hands whole errors to its logger,
 * and the cause or the details of an error may hold what a partner or a customer wrote. So only the type and the reason
 * of an error are kept.
 */
export function createWorkerLogger(level: string, destination?: DestinationStream): Logger {
  const logger = createLogger({ name: 'worker', level }, destination);
  // The level is `logger`'s: this one hands on every line.
  return new DefaultLogger('TRACE', ({ level: logLevel, message, meta: metadata = {} }) => {
    const line: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(KEPT_METADATA)) {
      const value = metadata[name];
      if (value !== undefined && value !== null) line[field] = plain(value);
    }
    Object.assign(line, reasonIn(metadata));
    const actual = metadata['sdkComponent'] === 'worker' && FOR_DEBUGGING.has(message) ? 'DEBUG' : logLevel;
    logger[actual.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error'](line, message);
  });
}

function plain(value: unknown): string | number | boolean {
  return typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}

/** The reason of a failure, without the advice for support staff and without personal data. */
function reasonIn({ error, reason }: LogMetadata): { code?: string; reason?: string } {
  if (error instanceof Error) return { code: typeOf(error), reason: reasonOf(error) };
  return typeof reason === 'string' ? { reason } : {};
}

function typeOf(error: Error): string {
  return 'type' in error && typeof error.type === 'string' ? error.type : error.name;
}
