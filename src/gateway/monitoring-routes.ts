import type { FastifyInstance } from 'fastify';
import type { GatewayMetrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import type { OrderWorkers } from './order-workers.ts';
import type { Readiness } from './response-bodies.ts';

interface MonitoringRoutesOptions {
  workers: OrderWorkers;
  metrics: GatewayMetrics;
}

/** Routes for probes, Prometheus and developers. They need no credential: keep them inside the network. */
export function registerMonitoringRoutes(app: FastifyInstance, { workers, metrics }: MonitoringRoutesOptions): void {
  app.get('/healthz', () => ({ status: 'ok' }));

  app.get('/readyz', async (): Promise<Readiness> => {
    const count = await workers.count();
    return {
      status: 'ok',
      workers: count === 0 ? 'none' : count,
      ...((await workers.arePaused()) && { calls_to_ridendine: 'paused' }),
    };
  });

  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  const document = JSON.stringify(openApiDocument());
  app.get('/openapi.json', (_request, reply) => reply.type('application/json').send(document));
}
