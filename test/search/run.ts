import { parseArgs } from 'node:util';
import { writeFigures } from '../support/reliability-page.ts';
import { startEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { VIOLATION, outOfSight, plantedFaults, searchWithFault } from './planted-faults.ts';
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';
import { search } from './search.ts';
import { BROKEN, describeSearch, tellSearch } from './tell-search.ts';

/**
 * `npm run search -- [--runs N] [--seed N]` runs random schedules. `--replay SCHEDULE` runs one of them again, once or
 * `--runs` times. `--planted` tells whether the search finds each planted fault within `--runs` schedules; `--only`
 * limits this to faults with these words in their name. Exit code 3: a rule does not hold.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000_000)) },
    replay: { type: 'string' },
    planted: { type: 'boolean', default: false },
    /** Parts of the names of the faults to plant. Default: all faults. */
    only: { type: 'string', multiple: true, default: [''] },
    /** Reports a violation as it was found, without looking for a smaller schedule. */
    'as-found': { type: 'boolean', default: false },
    /** Writes the figures to docs/reliability.md. */
    write: { type: 'boolean', default: false },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
const options = { runs: wholeNumber('runs', 1), seed: wholeNumber('seed', 0) };
const { replay } = values;
if (values.planted) await findPlanted();
else
  await withEngine(replay === undefined ? searchAnew : (engine) => replayOne(engine, JSON.parse(replay) as Schedule));

async function withEngine(work: (engine: Engine) => Promise<boolean>): Promise<void> {
  const engine = await startEngine();
  try {
    process.exitCode = (await work(engine)) ? 0 : VIOLATION;
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
  let violations = 0;
  for (let run = 0; run < options.runs; run += 1) {
    const { broken, story } = await runSchedule(engine, schedule);
    for (const line of [...story, ...broken.map((sentence) => `${BROKEN}${sentence}`)]) say(line);
    if (broken.length > 0) violations += 1;
  }
  say(`${violations} of ${options.runs} runs broke a rule.`);
  return violations === 0;
}

async function findPlanted(): Promise<void> {
  const missed: string[] = [];
  let slowest = 0;
  const faults = plantedFaults.filter(({ name }) => values.only.some((part) => name.includes(part)));
  for (const fault of faults) {
    const { found, runs, broken } = await searchWithFault(fault, options);
    if (found) slowest = Math.max(slowest, runs);
    else missed.push(fault.name);
    say(`${found ? 'Found after' : 'MISSED in'} ${runs} schedules: ${fault.name}. ${broken.join(' ')}`);
  }
  const found = faults.length - missed.length;
  const result = `${found} of ${faults.length} planted faults were found, the last of them after ${slowest} schedules.`;
  say(result);
  if (values.write)
    await writeFigures(
      'planted',
      [
        result,
        ...missed.map((name) => `Not found: ${name}.`),
        'Out of sight for the search:',
        outOfSight.map(({ name, because, test }) => `- ${name}: ${because} (\`${test}\`)`).join('\n'),
      ].join('\n\n'),
    );
  process.exitCode = missed.length === 0 ? 0 : 1;
}

function wholeNumber(name: 'runs' | 'seed', least: number): number {
  const text = values[name] ?? (values.replay === undefined ? '300' : '1');
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && Number.isSafeInteger(value)) return value;
  say(`--${name} has to be a whole number of at least ${least}, without commas.`);
  process.exit(2);
}

function seconds(began: number): number {
  return Math.round((performance.now() - began) / 1000);
}
