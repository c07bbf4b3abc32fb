import { parseArgs } from 'node:util';
import { writeFigures } from '../support/reliability-page.ts';
import { startEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { plantedFaults, searchWithFault } from './planted-faults.ts';
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';
import { search } from './search.ts';
import { describeSearch, tellSearch } from './tell-search.ts';

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
    /** The figures go to docs/reliability.md. */
    write: { type: 'boolean', default: false },
  },
});
const options = { runs: Number(values.runs), seed: Number(values.seed) };
const say = (line: string) => void process.stdout.write(`${line}\n`);
const { replay } = values;
if (values.planted) await findPlanted();
else
  await withEngine(replay === undefined ? searchAnew : (engine) => replayOne(engine, JSON.parse(replay) as Schedule));

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
  if (values.write) await writeFigures('search', describeSearch(result, { ...options, seconds: seconds(began) }));
  return result.violations.length === 0;
}

async function replayOne(engine: Engine, schedule: Schedule): Promise<boolean> {
  const { broken, story } = await runSchedule(engine, schedule);
  for (const line of [...story, ...(broken.length === 0 ? ['Every rule holds.'] : broken)]) say(line);
  return broken.length === 0;
}

async function findPlanted(): Promise<void> {
  const missed: string[] = [];
  let slowest = 0;
  for (const fault of plantedFaults) {
    const { found, output } = await searchWithFault(fault, options);
    const runs = /^(\d+) schedules, \d+ with a violation\.$/m.exec(output)?.[1] ?? '?';
    const rule = /^(?:Key \d[:,]|Quote \d|A sweep).*$/m.exec(output.slice(output.indexOf('Seed', 5)))?.[0] ?? '';
    if (found) slowest = Math.max(slowest, Number(runs));
    else missed.push(fault.name);
    say(`${found ? `Found after ${runs}` : `MISSED in ${runs}`} schedules: ${fault.name}. ${rule}`);
  }
  const found = plantedFaults.length - missed.length;
  const result = `${found} of ${plantedFaults.length} planted faults were found, the last of them after ${slowest} schedules.`;
  say(result);
  if (values.write)
    await writeFigures('planted', [result, ...missed.map((name) => `Not found: ${name}.`)].join('\n\n'));
  process.exitCode = missed.length === 0 ? 0 : 1;
}

function seconds(began: number): number {
  return Math.round((performance.now() - began) / 1000);
}
