import pino from 'pino';
import { reasonIn } from '../domain/failure-text.ts';
import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';

/** What may stand in a log line of the worker: ids and facts, never arguments, results or causes. */
const KEPT_METADATA = [
  'workflowId',
  'runId',
  'workflowType',
  'activityType',
  'activityId',
  'attempt',
  'taskQueue',
  'durationMs',
  'sdkComponent',
  'trace_id',
] as const;

/**
 * A logger for the Temporal SDK that writes one JSON object a line. The SDK hands whole errors to its logger, and an
 * error's cause or details may hold what a partner or a customer wrote: of an error only its type and its reason are kept.
 */
export function createWorkerLogger(level: string, destination: pino.DestinationStream = pino.destination(1)): Logger {
  const logger = pino({ name: 'worker', level }, destination);
  const write = (logLevel: LogLevel, message: string, metadata: LogMetadata = {}) => {
    const kept = Object.fromEntries(
      KEPT_METADATA.filter((name) => metadata[name] !== undefined).map((name) => [name, String(metadata[name])]),
    );
    const { error } = metadata as { error?: unknown };
    const failure = error instanceof Error ? { errorType: typeOf(error), errorMessage: reasonIn(error.message) } : {};
    const method = logLevel.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
    logger[method]({ ...kept, ...failure }, message);
  };
  return {
    log: write,
    trace: (message, metadata) => write('TRACE', message, metadata),
    debug: (message, metadata) => write('DEBUG', message, metadata),
    info: (message, metadata) => write('INFO', message, metadata),
    warn: (message, metadata) => write('WARN', message, metadata),
    error: (message, metadata) => write('ERROR', message, metadata),
  };
}

function typeOf(error: Error): string {
  return 'type' in error && typeof error.type === 'string' ? error.type : error.name;
}
