// Loaded into each thread of a worker before its own code: Temporal's SDK then keeps no stack of the promises of a run.
import { promiseHooks } from 'node:v8';

promiseHooks.createHook = () => () => undefined;
