import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { InjectedSinks, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSpans } from '../../src/telemetry/start-spans.ts';
import type { RunSpan } from '../../src/telemetry/run-span.ts';
import { TRACE_HEADER } from '../../src/telemetry/trace-context.ts';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';
import { workflowSources } from '../../src/worker/workflow-code.ts';
import type { TraceSinks } from '../../src/telemetry/trace-interceptors.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { replayDataConverter as dataConverter } from './replay-encryption.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callersSpan = '00f067aa0ba902b7';

let server: EmbeddedTemporal;
let connection: Connection;
let nativeConnection: NativeConnection;
/** The current workflows, and the same without the tracing interceptors, as in workers of earlier versions. */
let workflowBundle: WorkflowBundleWithSourceMap;
let earlierBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  Runtime.install({ logger: createWorkerLogger('error'), telemetryOptions: { logging: { filter: 'OFF' } } });
  server = await startEmbeddedTemporal();
  const { address } = server.settings;
  connection = await Connection.connect({ address });
  nativeConnection = await NativeConnection.connect({ address });
  workflowBundle = await bundleWorkflows(dataConverter);
  const { workflowInterceptorModules: _none, ...earlier } = workflowSources(dataConverter);
  earlierBundle = await bundleWorkflowCode({ ...earlier, logger: createWorkerLogger('error') });
}, 240_000);
afterAll(async () => {
  await connection.close();
  await nativeConnection.close();
  await server.stop();
});

describe.each(['good-path', 'ridendine-answers-at-last', 'review-retry', 'RideNDineRejected'])(
  'a run that belongs to a trace (%s)',
  (name) => {
    it('does what another does, is replayed without tracing, and the other with it', async () => {
      const traced = await run(name, { isTraced: true });
      const untraced = await run(name, { isTraced: false });

      expect(commandsIn(traced.events)).toEqual(commandsIn(untraced.events));
      expect(placesIn(traced.events).length).toBeGreaterThan(1);
      expect(placesIn(untraced.events)).toEqual([]);
      for (const { events } of [traced, untraced]) {
        const history = JSON.parse(historyToJSON({ events })) as unknown;
        for (const bundle of [workflowBundle, earlierBundle]) {
          const options = { workflowBundle: bundle, dataConverter, sinks: sinkOf([]) };
          const replayed = Worker.runReplayHistory(options, history, name);
          await expect(replayed).resolves.toBeUndefined();
        }
      }
    }, 240_000);

    it('is told of once, under the id that its steps were told, however often it is replayed meanwhile', async () => {
      const { events, runs, runId } = await run(name, { isTraced: true, maxCachedWorkflows: 0 });

      const [started, ...steps] = placesIn(events);
      expect(started).toBe(`00-${traceId}-${callersSpan}-01`);
      expect(runs).toMatchObject([
        {
          parent: { traceId, spanId: callersSpan, traceFlags: 1 },
          runId,
          workflowType: 'orderCreation',
          ...(name === 'RideNDineRejected' && { failure: 'RideNDineRejected' }),
        },
      ]);
      expect(new Set(steps)).toEqual(new Set([`00-${traceId}-${runs[0]?.spanId}-01`]));
    }, 240_000);
  },
);

describe('a run that belongs to no trace, or to one that nobody keeps', () => {
  it('is not told of', async () => {
    expect((await run('good-path', { isTraced: false })).runs).toEqual([]);

    const unkept = await run('good-path', { isTraced: true, flags: '00' });
    expect(unkept.runs).toEqual([]);
    expect(placesIn(unkept.events)).toContain(`00-${traceId}-${callersSpan}-00`);
  });
});

/** Runs a scenario on a worker whose trace sink collects the spans of runs. */
async function run(
  name: string,
  {
    isTraced,
    flags = '01',
    maxCachedWorkflows = 10,
  }: { isTraced: boolean; flags?: string; maxCachedWorkflows?: number },
) {
  const scenario = scenarios.find((candidate) => candidate.name.endsWith(name));
  if (scenario === undefined) throw new Error(`There is no scenario ${name}.`);
  const runs: RunSpan[] = [];
  const { namespace } = server.settings;
  // Stands for a caller without OpenTelemetry: the run takes its place in the trace from the memo.
  const traceparent = `00-${traceId}-${callersSpan}-${flags}`;
  const fromMemo = { workflow: [{ startWithDetails: withMemo(traceparent) }, startSpans] };
  const client = new Client({ connection, namespace, dataConverter, ...(isTraced && { interceptors: fromMemo }) });
  const options = { sinks: sinkOf(runs), maxCachedWorkflows };
  const handle = await runScenario(
    { client, connection: nativeConnection, dataConverter, workflowBundle, options },
    scenario,
  );
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  return { runs, runId, events: events ?? [] };
}

function sinkOf(runs: RunSpan[]): InjectedSinks<TraceSinks> {
  return { traces: { addRun: { fn: (_info, told) => void runs.push(told), callDuringReplay: false } } };
}

function withMemo(traceparent: string): NonNullable<typeof startSpans.startWithDetails> {
  return (input, next) =>
    next({ ...input, options: { ...input.options, memo: { ...input.options.memo, traceparent } } });
}

/** The `traceparent` values that the run and its activities got in their headers. */
function placesIn(events: HistoryEvent[]): string[] {
  return events.flatMap((event) => {
    const { header } =
      event.workflowExecutionStartedEventAttributes ?? event.activityTaskScheduledEventAttributes ?? {};
    const data = header?.fields?.[TRACE_HEADER]?.data;
    return data ? [(JSON.parse(Buffer.from(data).toString()) as { traceparent: string }).traceparent] : [];
  });
}

/** The commands that the workflow issued, without the events that came to it from outside. */
function commandsIn(events: HistoryEvent[]): string[] {
  return events.flatMap((event) => {
    const kind = COMMANDED.find((attributes) => event[attributes]);
    return kind ? [`${kind} ${event.activityTaskScheduledEventAttributes?.activityType?.name ?? ''}`] : [];
  });
}

const COMMANDED = [
  'activityTaskScheduledEventAttributes',
  'timerStartedEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
  'workflowPropertiesModifiedEventAttributes',
  'workflowExecutionCompletedEventAttributes',
  'workflowExecutionFailedEventAttributes',
] as const;
