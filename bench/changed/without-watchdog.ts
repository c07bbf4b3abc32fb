// Loaded into each thread of a worker before its own code. Calls into the workflows' sandbox then have no time limit.
import { Script } from 'node:vm';
import type { Context, RunningScriptOptions } from 'node:vm';

const runInContext: unknown = Reflect.get(Script.prototype, 'runInContext');
Script.prototype.runInContext = function run(this: Script, context: Context, options?: RunningScriptOptions): unknown {
  const { timeout: _none, ...others } = options ?? {};
  return Reflect.apply(runInContext as CallableFunction, this, [context, others]);
};
