import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { endWithNpm } from '../../stack/npm-script.ts';

/** `npm run production [-- --write]`: runs only this suite. `--write` writes its figures to docs/reliability.md. */
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
endWithNpm();
const { exitCode } = await execa(process.execPath, ['test/run.ts', 'test/production'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  env: { PRODUCTION_WRITE: values.write ? '1' : '' },
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
