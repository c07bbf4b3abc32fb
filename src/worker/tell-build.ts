import { Runtime } from '@temporalio/worker';
import type { NativeConnection } from '@temporalio/worker';
import type { WorkerBuild } from '../config/deployment-settings.ts';
import { isTaking, recentPollers, routingOf } from '../temporal/order-pollers.ts';
import { askForQueue } from '../temporal/order-workers.ts';

const ANSWER_TIMEOUT_MS = 5000;

/**
 * Logs which build this worker is. Warns if Temporal gives the orders to other workers, because this worker would wait
 * in silence. If no worker takes orders yet, as at the first start of an installation, the log says how to begin.
 */
export async function tellBuild(options: {
  connection: NativeConnection;
  namespace: string;
  build: WorkerBuild | undefined;
}): Promise<void> {
  const { connection, namespace, build } = options;
  const { logger } = Runtime.instance();
  const name = build === undefined ? 'a worker without a build' : `build ${build.buildId}`;
  try {
    const queue = await connection.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, () =>
      askForQueue(connection, namespace),
    );
    const routing = routingOf(queue);
    if (isTaking(build, routing)) {
      logger.info(`This is ${name}, and it takes orders.`);
      return;
    }
    const isFirst = routing.current === undefined && !recentPollers(queue).some((poller) => poller.build === undefined);
    if (build !== undefined && isFirst) {
      logger.info(
        `This is ${name}. No build is current yet: orders wait until one is. The service worker-build-current of ` +
          `docker-compose.yml does that now; elsewhere: "npm run deployment -- current ${build.buildId}".`,
      );
      return;
    }
    const others = routing.current === undefined ? 'workers without a build' : `build ${routing.current.buildId}`;
    const way =
      build === undefined
        ? 'set WORKER_BUILD_ID, or hand them back with "npm run deployment -- current --unversioned".'
        : `make it current with "npm run deployment -- current ${build.buildId}".`;
    logger.warn(`This is ${name}, and it takes no orders: ${others} take them; ${way}`);
  } catch {
    // The error's message may contain a credential, so it is not logged. The worker's polls show the fault again.
    logger.warn(`This is ${name}; Temporal did not say whether it takes orders.`);
  }
}
