import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs the source text of a module in a process of its own, until its end.
 *
 * @param text a module that prints one value as JSON. Its imports are relative to the project's root.
 * @returns the printed value.
 */
export async function runModule(text: string): Promise<unknown> {
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', text], { cwd: root });
  return JSON.parse(stdout);
}
