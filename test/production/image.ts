import { readFileSync } from 'node:fs';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ComposeService } from '../support/compose-project.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Makes what the Dockerfile puts into `/app`; the packages are those of the repository. */
export async function buildApp(app: string): Promise<string> {
  await mkdir(app);
  await execa(process.execPath, [path.join(root, 'scripts/build.ts'), path.join(app, 'dist')], { cwd: root });
  for (const file of ['package.json', 'LICENSE']) await copyFile(path.join(root, file), path.join(app, file));
  await symlink(path.join(root, 'node_modules'), path.join(app, 'node_modules'));
  return app;
}

/** The variables that the Dockerfile sets in its last stage, built with the arguments of the compose file. */
export function imageEnvironment({ build }: ComposeService): Record<string, string> {
  const [stage = ''] = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
    .split(/^FROM /m)
    .slice(-1);
  const standard = [...stage.matchAll(/^ARG (\w+)=(\S*)$/gm)].map(([, name = '', value = '']) => [name, value]);
  const args: Record<string, string> = { ...Object.fromEntries(standard), ...build?.args };
  const set = [...stage.matchAll(/^ENV (.+)$/gm)].flatMap(([, line = '']) => [...line.matchAll(/(\w+)=(\S*)/g)]);
  return Object.fromEntries(
    set.map(([, name = '', value = '']) => [name, value.replaceAll(/\$(\w+)/g, (_, arg: string) => args[arg] ?? '')]),
  );
}
