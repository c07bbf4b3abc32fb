// node stack/run-beside.ts <program> [args...]
// Runs one of our programs. Services that the environment does not name are those of the embedded stack. So `npm run
// doctor` works beside `npm start` without any setting. The programs themselves do not know about the embedded stack.
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setVariables } from '../src/config/environment.ts';
import { findRunningServices } from './data-folder.ts';
import { compileCache } from './child-environment.ts';
import { embeddedSettings, isProgramBeside } from './embedded-settings.ts';
import { dataFolder, shownPath } from './settings.ts';

/** Exit code of a program that was refused or failed. Wrong usage has another code, and settings do not cause it. */
const FAILED = 1;

const [program = '', ...args] = process.argv.slice(2);
if (!isProgramBeside(program)) throw new Error(`Nothing here knows what ${program} takes of the embedded stack.`);

const dataDir = dataFolder(process.env);
const { variables, uses, notUsed } = embeddedSettings({
  program,
  set: setVariables(process.env),
  dataDir,
  shownFolder: shownPath(dataDir),
  services: findRunningServices(dataDir),
});
const onlyExplains = args.some((argument) => ['--help', '-h', 'help'].includes(argument));
if (uses.length > 0 && !onlyExplains) tell(`Uses the embedded stack on ${shownPath(dataDir)}: ${uses.join(', ')}.`);
Object.assign(process.env, variables);

enableCompileCache(compileCache.NODE_COMPILE_CACHE);
const file = path.join(fileURLToPath(new URL('..', import.meta.url)), program);
process.argv.splice(1, 2, file);
await import(pathToFileURL(file).href);
if (process.exitCode === FAILED) for (const sentence of notUsed) tell(sentence);

/** Writes to standard error, because standard output belongs to the program and may be JSON. */
function tell(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
