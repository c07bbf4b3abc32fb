/** The same as Node's default. It is set here because a command-line flag could change the default. */
const HEADERS_LIMIT_BYTES = 16 * 1024;
/** A caller in the same data centre needs milliseconds. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** How often Node checks these two time limits. */
const TIMEOUT_CHECK_MS = 1_000;
/** How much longer than `waitMs` a connection may be idle: time in which a server behind us may prove unreachable. */
const IDLE_MARGIN_MS = 30_000;
/** Longer than load balancers keep a connection (60 s), so that none uses a connection that we have just closed. */
const KEEP_ALIVE_MS = 72_000;

/**
 * Fastify's options that limit what a connection can cost.
 *
 * @param options.waitMs how long a request may wait for its answer on purpose.
 */
export function serverLimits({ bodyLimitBytes, waitMs }: { bodyLimitBytes: number; waitMs: number }) {
  return {
    bodyLimit: bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: waitMs + IDLE_MARGIN_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: HEADERS_LIMIT_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // Node would answer without a body; `checkRequests` answers with a problem document.
      requireHostHeader: false,
    },
  };
}
