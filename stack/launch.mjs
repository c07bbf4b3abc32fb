// The door of every npm script: runs on the Node that the machine has, before anything is installed.
//   node stack/launch.mjs [script.ts] [args...]
// Installs what is missing, then runs the script on the project's own Node and passes on its exit code.
import process from 'node:process';

const OLDEST_NODE = 20;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `This needs Node.js ${OLDEST_NODE} or newer to start, and this is ${process.versions.node}: install a newer one from your package manager and run the command again.\n`,
  );
  process.exit(1);
}

// Imported late: an old Node has to reach the sentence above.
const { run } = await import('./launch/run.mjs');
process.exitCode = await run(process.argv.slice(2));
