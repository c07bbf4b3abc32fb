import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { startTraceReceiver } from '../support/trace-receiver.ts';
import type { TraceReceiver } from '../support/trace-receiver.ts';

let receiver: TraceReceiver;
let world: RunningStack;
beforeAll(async () => {
  receiver = await startTraceReceiver();
  world = await startRunningStack({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
    // Nothing is delivered before the programs end.
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  });
}, 360_000);
afterAll(async () => {
  await world.stop();
  await receiver.close();
});

describe('a program that is stopped', () => {
  it('delivers the spans that it still has', async () => {
    const traceId = await order();
    expect(receiver.spans()).toEqual([]);

    expect(await stopBoth()).toEqual([0, 0]);

    const names = receiver
      .spans()
      .filter((span) => span.traceId === traceId)
      .map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['POST /v1/orders', 'StartWorkflow:orderCreation', 'RunWorkflow:orderCreation']),
    );
  });

  it('ends in time all the same where the collector never answers', async () => {
    await world.stack.parts.worker.start();
    await world.stack.parts.gateway.start();
    receiver.neverAnswer();
    await order();

    // If they did not end in time, their supervisor would kill them, and they would have no exit code.
    expect(await stopBoth()).toEqual([0, 0]);
  });
});

async function order(): Promise<string> {
  const traceId = randomUUID().replaceAll('-', '');
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const response = await world.post(randomUUID(), await world.newCheckout(), { traceparent });
  expect(response.status).toBe(201);
  return traceId;
}

/** Stops the gateway and the worker. @returns their exit codes; null for one that had to be killed. */
async function stopBoth(): Promise<(number | null)[]> {
  const { gateway, worker } = world.stack.parts;
  const exits = Promise.all([gateway.exited, worker.exited]);
  await Promise.all([gateway.stop(), worker.stop()]);
  return (await exits).map(({ code }) => code);
}
