// Loaded into each thread of a worker before its own code: calls into the sandbox of the workflows have no time limit then.
import { Script } from 'node:vm';
import type { Context, RunningScriptOptions } from 'node:vm';

const runInContext: unknown = Reflect.get(Script.prototype, 'runInContext');
Script.prototype.runInContext = function run(this: Script, context: Context, options?: RunningScriptOptions): unknown {
  const { timeout: _none, ...others } = options ?? {};
  return Reflect.apply(runInContext as CallableFunction, this, [context, others]);
};
