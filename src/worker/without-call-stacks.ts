/**
 * Loaded before the worker, into each of its threads (`--import`; in the image, by NODE_OPTIONS). Temporal's SDK takes the
 * call stack of every promise of a run, for the query `__stack_trace` alone, which then tells nothing. What that costs is
 * in docs/performance.md. WORKER_CALL_STACKS=on keeps it.
 */
import { promiseHooks } from 'node:v8';

if (process.env['WORKER_CALL_STACKS'] !== 'on') promiseHooks.createHook = () => () => undefined;
