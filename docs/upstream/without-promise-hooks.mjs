import { promiseHooks } from 'node:v8';

promiseHooks.createHook = () => () => undefined;
