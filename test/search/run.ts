import { parseArgs } from 'node:util';
import { startEngine } from './engine.ts';
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';
import { search } from './search.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '300' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    atOnce: { type: 'string' },
    /** The first violation is told as it was found. */
    first: { type: 'boolean', default: false },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
const engine = await startEngine();
try {
  if (values.replay !== undefined) {
    const { broken, story } = await runSchedule(engine, JSON.parse(values.replay) as Schedule);
    for (const line of story) say(line);
    say(broken.length === 0 ? 'Every rule holds.' : broken.join('\n'));
    process.exitCode = broken.length === 0 ? 0 : 1;
  } else {
    const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000_000));
    const began = Date.now();
    say(`Seed ${seed}.`);
    const { runs, violations, coverage } = await search(engine, {
      runs: Number(values.runs),
      seed,
      shrinks: !values.first,
      ...(values.atOnce !== undefined && { atOnce: Number(values.atOnce) }),
      onProgress: (done) => done % 50 === 0 && say(`${done} schedules, ${Math.round((Date.now() - began) / 1000)} s`),
    });
    for (const [pair, times] of [...coverage].toSorted(([, a], [, b]) => b - a)) say(`${times} x ${pair}`);
    for (const { seed: own, schedule, broken, story } of violations) {
      say(`Seed ${own}:\n${story.join('\n')}\n${broken.join('\n')}\n--replay '${JSON.stringify(schedule)}'`);
    }
    say(`${runs} schedules in ${Math.round((Date.now() - began) / 1000)} s, ${violations.length} with a violation.`);
    process.exitCode = violations.length === 0 ? 0 : 1;
  }
} finally {
  await engine.stop();
}
