import { spawn } from 'node:child_process';
import { once } from 'node:events';

const started: ReturnType<typeof spawn>[] = [];

/**
 * Starts a Node script in a process of its own, and waits until it prints something.
 *
 * @param nodeArguments options of Node.
 * @returns the id of the process, which goes on running.
 */
export async function runScript(script: string, nodeArguments: string[] = []): Promise<number> {
  const child = spawn(process.execPath, [...nodeArguments, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error('There is no process.');
  return child.pid;
}

/** Kills all started scripts. For `afterEach`. */
export function endScripts(): void {
  for (const child of started.splice(0)) child.kill('SIGKILL');
}
