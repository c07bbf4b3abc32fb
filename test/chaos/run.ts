import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { endWithNpm } from '../../stack/npm-script.ts';

/**
 * `npm run chaos -- [--orders N] [--rounds N] [--seed N] [--write]`: runs the chaos suite alone. `--orders` and
 * `--rounds` make it longer than in CI. `--write` writes its figures to docs/reliability.md.
 */
const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '' },
    rounds: { type: 'string', default: '' },
    seed: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});
endWithNpm();
const { exitCode } = await execa(process.execPath, ['test/run.ts', 'test/chaos'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  env: {
    CHAOS_ORDERS: values.orders,
    CHAOS_ROUNDS: values.rounds,
    CHAOS_SEED: values.seed,
    CHAOS_WRITE: values.write ? '1' : '',
  },
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
