import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { withTemporalCalls } from './temporal-calls.ts';
import { isUnimplemented, temporalTroubleOf } from './temporal-failures.ts';
import type { TemporalTrouble } from './temporal-failures.ts';
import type { TemporalSettings } from '../config/temporal-settings.ts';
import { DecryptionError } from './encryption-codec.ts';

/** How long a person at a terminal waits for one answer. A server that restarts is back within this time. */
const ANSWER_TIMEOUT_MS = 5000;

/**
 * A request to Temporal failed. `message` says why, what to do, and which settings matter. It never repeats what the
 * server said, which could be anything.
 */
export class TemporalAccessError extends Error {
  override readonly name = 'TemporalAccessError';
  readonly trouble: TemporalTrouble;
  /** Whether the server does not have this request at all. Temporal Cloud, for example, has no operator service. */
  readonly isUnimplemented: boolean;

  constructor(trouble: TemporalTrouble, message: string, options: { isUnimplemented: boolean }) {
    super(message);
    this.trouble = trouble;
    this.isUnimplemented = options.isUnimplemented;
  }
}

/** The access to Temporal of command-line programs, and of the gateway's routes for operators. */
export interface TemporalAccess {
  settings: TemporalSettings;
  connection: Connection;
  client: Client;
  /**
   * Makes a request, and makes it again while there is no answer, for `timeoutMs` (if not given, 5 s).
   *
   * @throws {TemporalAccessError}
   * @throws the SDK's error if the error is about one workflow, not about Temporal.
   */
  ask: <Result>(request: () => Promise<Result>, timeoutMs?: number) => Promise<Result>;
}

/** Opens an access to Temporal. Its first request makes the connection. The caller must `close` it. */
export function openTemporalAccess(
  settings: TemporalSettings,
  dataConverter: DataConverter = {},
): TemporalAccess & { close: () => Promise<void> } {
  const { namespace, ...options } = settings;
  // `TemporalCalls` makes the retries; those of the SDK would hide why they are made.
  const connection = Connection.lazy({ ...options, interceptors: [] });
  const client = new Client({ connection, namespace, dataConverter });
  return {
    settings,
    connection,
    client,
    async ask(request, timeoutMs = ANSWER_TIMEOUT_MS) {
      try {
        return await withTemporalCalls({ client }, (calls) => calls.by(Date.now() + timeoutMs, request));
      } catch (error) {
        throw accessErrorOf(error, settings) ?? error;
      }
    },
    close: () => connection.close(),
  };
}

/** The same access, whose requests all end by `deadline` (milliseconds since 1970). */
export function untilDeadline(temporal: TemporalAccess, deadline: number): TemporalAccess {
  return {
    ...temporal,
    ask: (request, timeoutMs = ANSWER_TIMEOUT_MS) =>
      temporal.ask(request, Math.max(1, Math.min(timeoutMs, deadline - Date.now()))),
  };
}

/** Calls `use` with an access to Temporal, and closes its connection afterwards. */
export async function withTemporalAccess<Result>(
  settings: TemporalSettings,
  use: (temporal: TemporalAccess) => Promise<Result>,
  dataConverter?: DataConverter,
): Promise<Result> {
  const temporal = openTemporalAccess(settings, dataConverter);
  try {
    return await use(temporal);
  } finally {
    await temporal.close();
  }
}

function accessErrorOf(error: unknown, settings: TemporalSettings): TemporalAccessError | undefined {
  const trouble = temporalTroubleOf(error);
  if (trouble === undefined || trouble === 'run stopped' || trouble === 'run removed') return undefined;
  const message = trouble === 'not our keys' ? decryptionMessage(error) : sentence(trouble, settings);
  return new TemporalAccessError(trouble, message, { isUnimplemented: isUnimplemented(error) });
}

function sentence(
  trouble: Exclude<TemporalTrouble, 'run stopped' | 'run removed' | 'not our keys'>,
  { address, namespace }: TemporalSettings,
): string {
  const server = `Temporal at ${address}`;
  switch (trouble) {
    case 'unreachable':
      return `${server} cannot be reached: check TEMPORAL_ADDRESS, TEMPORAL_TLS, and whether the server runs.`;
    case 'no answer in time':
      return `${server} did not answer in time: check TEMPORAL_ADDRESS and TEMPORAL_TLS, and whether the server is overloaded.`;
    case 'credential refused':
      return `${server} refuses our credential, or it may not do this in the namespace "${namespace}": check TEMPORAL_API_KEY or TEMPORAL_TLS_CLIENT_CERT_PATH, and its permissions.`;
    case 'certificate refused':
      return `${server} and this program do not accept each other's certificate: check the TEMPORAL_TLS settings.`;
    case 'no such namespace':
      return `${server} has no namespace "${namespace}": set TEMPORAL_NAMESPACE, or create it with "temporal operator namespace create --namespace ${namespace} --retention 30d".`;
    case 'request refused':
    case 'not possible':
      return `${server} refuses the request: "npm run doctor" may tell why; else TEMPORAL_ADDRESS leads to something that is not Temporal, or to one that is too old.`;
  }
}

/** A message that says what to do and, if the key's id is known, names it: the id is no secret. */
function decryptionMessage(error: unknown): string {
  for (let candidate = error; candidate instanceof Error; candidate = candidate.cause) {
    if (candidate instanceof DecryptionError) return candidate.message;
  }
  return 'What Temporal stores was encrypted with other keys: set the ENCRYPTION_KEYS of the workers.';
}
