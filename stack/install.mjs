// The first command of every npm script: installs the packages that are missing, on the Node that the machine has.
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `This needs Node.js ${OLDEST_NODE} or newer to start, and this is ${process.versions.node}: install a newer one from your package manager and run the command again.\n`,
  );
  process.exit(1);
}

// Imported only here: an old Node may fail to load this module, and must print the sentence above first.
const { installPackages } = await import('./install/install-packages.mjs');
process.exitCode = await installPackages(fileURLToPath(new URL('..', import.meta.url)));
