import { parseArgs } from 'node:util';
import { startEngine } from './engine.ts';
import { plantedFaults, searchWithFault } from './planted-faults.ts';
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';
import { search } from './search.ts';
import { tellSearch } from './tell-search.ts';

/**
 * `npm run search -- [--runs N] [--seed N]`: random schedules; `--replay SCHEDULE`: one of them again; `--planted`: whether
 * the search finds each fault that is planted on purpose, within `--runs` schedules.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000_000)) },
    replay: { type: 'string' },
    planted: { type: 'boolean', default: false },
    /** A violation is told as it was found, without looking for a smaller schedule. */
    'as-found': { type: 'boolean', default: false },
  },
});
const options = { runs: Number(values.runs), seed: Number(values.seed) };
const say = (line: string) => void process.stdout.write(`${line}\n`);
const { replay } = values;
if (values.planted) await findPlanted();
else
  await withEngine(replay === undefined ? searchAnew : (engine) => replayOne(engine, JSON.parse(replay) as Schedule));

type Engine = Awaited<ReturnType<typeof startEngine>>;

async function withEngine(work: (engine: Engine) => Promise<boolean>): Promise<void> {
  const engine = await startEngine();
  try {
    process.exitCode = (await work(engine)) ? 0 : 1;
  } finally {
    await engine.stop();
  }
}

async function searchAnew(engine: Engine): Promise<boolean> {
  say(`Seed ${options.seed}.`);
  const began = performance.now();
  const result = await search(engine, {
    ...options,
    shrinks: !values['as-found'],
    onProgress: (done) => done % 100 === 0 && say(`${done} schedules, ${seconds(began)} s`),
  });
  for (const line of tellSearch(result)) say(line);
  say(`It took ${seconds(began)} s.`);
  return result.violations.length === 0;
}

async function replayOne(engine: Engine, schedule: Schedule): Promise<boolean> {
  const { broken, story } = await runSchedule(engine, schedule);
  for (const line of [...story, ...(broken.length === 0 ? ['Every rule holds.'] : broken)]) say(line);
  return broken.length === 0;
}

async function findPlanted(): Promise<void> {
  let missed = 0;
  for (const fault of plantedFaults) {
    const began = performance.now();
    const { found, output } = await searchWithFault(fault, options);
    const schedules = /^(\d+) schedules, /m.exec(
      output.split('\n').findLast((line) => line.includes('violation.')) ?? '',
    );
    say(`${found ? 'Found' : 'MISSED'} after ${schedules?.[1]} schedules, ${seconds(began)} s: ${fault.name}`);
    if (!found) missed += 1;
  }
  say(`${plantedFaults.length - missed} of ${plantedFaults.length} planted faults were found.`);
  process.exitCode = missed === 0 ? 0 : 1;
}

function seconds(began: number): number {
  return Math.round((performance.now() - began) / 1000);
}
