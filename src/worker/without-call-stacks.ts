/**
 * Loaded before the worker, into each of its threads (`--import`; in the image, by NODE_OPTIONS). Temporal's SDK takes
 * the call stack of every promise of a run, only for the queries `__stack_trace` and `__enhanced_stack_trace`. This
 * module prevents that, so the queries show no stacks. docs/performance.md says what the call stacks cost.
 * WORKER_CALL_STACKS=on keeps them.
 */
import { promiseHooks } from 'node:v8';

if (process.env['WORKER_CALL_STACKS'] !== 'on') promiseHooks.createHook = () => () => undefined;
