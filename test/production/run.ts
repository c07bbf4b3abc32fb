import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { endWithNpm } from '../../stack/npm-script.ts';

/** `npm run production [-- --write]`: the suite alone, with its figures written to docs/reliability.md if told so. */
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
endWithNpm();
const { exitCode } = await execa(process.execPath, ['test/run.ts', 'test/production'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  env: { PRODUCTION_WRITE: values.write ? '1' : '' },
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
