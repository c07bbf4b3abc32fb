/** Node's own default, which a flag of the process could change. */
const HEADERS_LIMIT_BYTES = 16 * 1024;
/** A caller in the same data centre needs milliseconds. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** How exactly these two are kept. */
const TIMEOUT_CHECK_MS = 1_000;
/** Beyond the longest wait, and what others may take to say that they can't be reached. */
const IDLE_MARGIN_MS = 30_000;
/** Longer than load balancers keep connections (60 s), so that none sends a request into one that we just closed. */
const KEEP_ALIVE_MS = 72_000;

/**
 * Fastify's options that bound what a connection may cost.
 *
 * @param options.waitMs longest that an answer is waited for on purpose.
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
