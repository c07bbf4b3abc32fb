/** One run of a workflow as a span of a trace. Times are milliseconds since 1970, by the workflow's clock. */
export interface RunSpan {
  /** The span that started the run. */
  parent: { traceId: string; spanId: string; traceFlags: number };
  spanId: string;
  workflowType: string;
  workflowId: string;
  runId: string;
  startMs: number;
  endMs: number;
  /** Type of the failure with which the run ended, if it failed. */
  failure?: string;
}
