import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { onLauncherGone } from '../stack/launcher-link.ts';
import { consoleProgress } from '../stack/progress.ts';
import { PartCrashed } from '../stack/supervisor.ts';
import { findTemporalServer } from '../test/support/find-temporal-server.ts';
import { describeMachine } from './machine.ts';
import { readBenchResult } from './measured.ts';
import { measureOrchestration } from './orchestration.ts';
import { describePerformance } from './performance-page.ts';
import { startProductionServer } from './production-server.ts';
import type { BenchResult } from './result.ts';
import { measureSoak, soakResult, usualSoak } from './soak.ts';
import { startDevServer } from './temporal-servers.ts';
import { measureWhole, wholeResult } from './whole.ts';
import { writePages } from './written-pages.ts';

/** Git leaves it alone. */
const folder = fileURLToPath(new URL('../.bench', import.meta.url));
const resultFile = path.join(folder, 'result.json');

const INTERRUPTED = 130;

const progress = consoleProgress();
const stopRequested = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopRequested.abort());
onLauncherGone(() => stopRequested.abort());

process.exitCode = await run();
// What hangs on here is a connection or a timer: everything that matters is stopped.
process.exit();

/**
 * `npm run bench -- [--rounds N] [--orders N] [--soak-orders N] [--soak-rate N] [--write] [--from FILE]`: measures, and
 * leaves the result in .bench/result.json. With `--write` it also becomes the figures of the documents; with `--from`, an earlier result does.
 */
async function run(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        // Of one caller after the other; many callers place more.
        orders: { type: 'string', default: '60' },
        'soak-orders': { type: 'string', default: '10000' },
        // Two thirds of what two cores carry at most.
        'soak-rate': { type: 'string', default: '8' },
        write: { type: 'boolean', default: false },
        from: { type: 'string' },
      },
    });
    const text = values.from
      ? await readFile(values.from, 'utf8')
      : JSON.stringify(
          await measure({
            rounds: wholeNumber('rounds', values.rounds),
            orders: wholeNumber('orders', values.orders),
            soak: {
              orders: wholeNumber('soak-orders', values['soak-orders']),
              ordersPerSecond: wholeNumber('soak-rate', values['soak-rate']),
            },
          }),
        );
    // Whether it was measured now or then, the same result is written in the same order.
    const result = readBenchResult(text);
    progress.say(`\n${describePerformance(result)}\n`);
    if (values.write) for (const file of await writePages(result)) progress.say(`Written: ${file}`);
    return 0;
  } catch (error) {
    if (stopRequested.signal.aborted) return INTERRUPTED;
    if (error instanceof PartCrashed) progress.complain(`\n${error.lastLines.join('\n')}`);
    progress.complain(`\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

async function measure({
  rounds,
  orders,
  soak: soakLoad,
}: {
  rounds: number;
  orders: number;
  soak: { orders: number; ordersPerSecond: number };
}): Promise<BenchResult> {
  const { signal } = stopRequested;
  const plan = {
    rounds,
    parallel: [1, 8, 32, 64],
    warmUpOrders: 2 * orders,
    // As long for each caller as it takes one alone, a sixth of the time.
    ordersFor: (parallel: number) => Math.max(orders, Math.ceil((parallel * orders) / 6)),
    atRestMs: 5_000,
  };
  const machine = describeMachine();
  // What is missing is missed now, not after half of the time.
  await progress.step('Programs', async (doing) => {
    doing("looking for Temporal's production server, or building it (once, about 2 minutes)");
    await findTemporalServer(process.env);
  });
  progress.say('From the click to the payment session');
  const whole = wholeResult(await measureWhole({ plan: { ...plan, partnersMs: [20, 300] }, progress, signal }));
  progress.say('The orchestration alone');
  const startServers = [() => startDevServer('memory'), () => startDevServer('file'), startProductionServer];
  const orchestration = await measureOrchestration({ plan, startServers, progress, signal });
  progress.say('Many orders at a steady rate');
  const soak = soakResult(await measureSoak({ plan: { ...usualSoak, ...soakLoad }, progress, signal }));
  const measuredOn = new Date().toISOString().slice(0, 10);
  const result: BenchResult = { measuredOn, rounds, machine, whole, orchestration, soak };
  await mkdir(folder, { recursive: true });
  await writeFile(resultFile, `${JSON.stringify(result, undefined, 2)}\n`);
  progress.say(`\nResult: ${path.relative(process.cwd(), resultFile)}`);
  return result;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1 on.`);
  return value;
}
