// npm run pack:client [-- <folder>]: packs the client library for other projects, see docs/decisions/0011.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import project from '../package.json' with { type: 'json' };

const NAME = '@cooco/order-creation-client';
const ENTRY = 'dist/client/index.js';
/** Types that the declarations of Temporal's SDK import, but that the SDK does not install. */
const TYPES = ['@types/ms', '@types/node'];
/** From the first Node version that can `require()` an ES module without a flag. */
const NODE = '>=22.12';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = path.resolve(process.argv[2] ?? path.join(root, 'dist'));
const packageFolder = path.join(target, 'client-package');
const outDir = path.join(packageFolder, 'dist');

await rm(packageFolder, { recursive: true, force: true });
await execa(path.join(root, 'node_modules/.bin/tsc'), ['--project', 'tsconfig.client.json', '--outDir', outDir], {
  cwd: root,
  stdio: 'inherit',
});
const found = await followImports([ENTRY, declarationOf(ENTRY)]);
await writeFile(path.join(packageFolder, 'package.json'), JSON.stringify(manifest(found), undefined, 2));
await cp(path.join(root, 'docs/client.md'), path.join(packageFolder, 'README.md'));
await cp(path.join(root, 'LICENSE'), path.join(packageFolder, 'LICENSE'));
await mkdir(target, { recursive: true });
const { stdout } = await execa('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', target], {
  cwd: packageFolder,
});
process.stdout.write(`${path.join(target, stdout.trim())}\n`);

/**
 * @returns the files and packages that belong to the library: all that its entry imports, directly or indirectly, in
 *   code or in types. The compiler writes more files, such as the workflow, of which the library uses only types.
 */
async function followImports(entries: string[]): Promise<{ files: string[]; dependencies: string[] }> {
  const files = new Set(entries);
  const packages = new Set<string>();
  for (const file of files) {
    const place = path.join(packageFolder, file);
    const text = await readFile(place, 'utf8');
    if (file.endsWith('.d.ts')) await writeFile(place, withJsSpecifiers(text));
    for (const [, specifier = ''] of text.matchAll(/(?:\bfrom|\bimport) ?\(?['"]([^'"]+)['"]/g)) {
      if (specifier.startsWith('.')) {
        const imported = path.join(path.dirname(file), specifier).replace(/\.ts$/, '.js');
        files.add(file.endsWith('.d.ts') ? declarationOf(imported) : imported);
      } else if (!specifier.startsWith('node:')) packages.add(packageOf(specifier));
    }
  }
  return { files: [...files].toSorted(), dependencies: [...packages].toSorted() };
}

/** The compiler leaves `.ts` in the imports of declarations, which older compilers do not understand. */
function withJsSpecifiers(declarations: string): string {
  return declarations.replaceAll(/(['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2');
}

function declarationOf(file: string): string {
  return file.replace(/\.js$/, '.d.ts');
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** @throws Error if the library imports a package that package.json does not pin. */
function manifest({ files, dependencies }: { files: string[]; dependencies: string[] }) {
  const pinned: Record<string, string> = { ...project.devDependencies, ...project.dependencies };
  return {
    name: NAME,
    version: project.version,
    description: 'Creates COOCO orders through Temporal: the client library for API gateways.',
    license: project.license,
    private: project.private,
    type: 'module',
    engines: { node: NODE },
    exports: {
      '.': { types: `./${declarationOf(ENTRY)}`, default: `./${ENTRY}` },
      './package.json': './package.json',
    },
    files,
    sideEffects: false,
    dependencies: Object.fromEntries(
      [...TYPES, ...dependencies].map((name) => {
        const version = pinned[name];
        if (version === undefined) throw new Error(`The client imports ${name}, which package.json does not pin.`);
        return [name, version];
      }),
    ),
  };
}
