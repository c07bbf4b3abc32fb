// A small stack in a process of its own, to be killed by a test.
//   node parent.ts <dataDir> <journal> <manner of the second part>
import { fileURLToPath } from 'node:url';
import { lockDataFolder } from '../../../stack/data-folder.ts';
import { endRecordedProcesses } from '../../../stack/process-records.ts';
import { Supervisor } from '../../../stack/supervisor.ts';

const [dataDir = '', journal = '', second = ''] = process.argv.slice(2);
try {
  await lockDataFolder(dataDir);
  await endRecordedProcesses(dataDir, {
    graceMs: 25_000,
    onFound: (names) => process.stdout.write(`leftovers ${names.join(' ')}\n`),
  });
  const supervisor = new Supervisor({ dataDir });
  for (const [name, manner] of [
    ['first', 'obeys'],
    ['second', second],
  ] as const) {
    const args = [fileURLToPath(new URL('part.mjs', import.meta.url)), name, journal, manner];
    const part = supervisor.spawn({ name, command: process.execPath, args, env: {} });
    process.stdout.write(`${name} ${part.pid}\n`);
  }
  process.stdout.write('ready\n');
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
