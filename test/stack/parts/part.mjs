// A part for tests: writes what it is told to write, notes the end it comes to, and obeys or not.
//   node part.mjs <name> <journal> [stubborn]
import { appendFileSync } from 'node:fs';

const [name, journal, manner] = process.argv.slice(2);
process.stdout.write(`${name} says hello\n`);
process.on('SIGTERM', () => {
  if (manner === 'stubborn') return;
  appendFileSync(journal, `${name}\n`);
  process.exit(0);
});
setInterval(() => {}, 60_000);
appendFileSync(journal, `${name} up\n`);
