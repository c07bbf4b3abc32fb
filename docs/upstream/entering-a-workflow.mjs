// node entering-a-workflow.mjs
import vm from 'node:vm';

const CALLS = 5000;
const context = vm.createContext({}, { microtaskMode: 'afterEvaluate' });
vm.runInContext(
  `globalThis.enter = () => 1;
   globalThis.readAll = () => Object.getOwnPropertyDescriptors(globalThis);
   globalThis.compareAll = (bag) => Reflect.ownKeys(bag).filter((key) => bag[key].value !== globalThis[key]).length;`,
  context,
);
context.bag = vm.runInContext('readAll()', context);

const enter = new vm.Script('enter()');
const exchange = new vm.Script('readAll(), compareAll(bag)');
measure('a call', () => enter.runInContext(context));
measure('with a timeout', () => enter.runInContext(context, { timeout: 5000 }));
measure('all globals read and compared', () => exchange.runInContext(context));

function measure(what, call) {
  for (let count = 0; count < CALLS / 10; count += 1) call();
  const before = process.cpuUsage();
  for (let count = 0; count < CALLS; count += 1) call();
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`| ${what} | ${((user + system) / CALLS).toFixed(1)} µs |\n`);
}
