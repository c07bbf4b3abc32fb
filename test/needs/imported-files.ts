import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Progress } from '../../stack/progress.ts';

/** Imports of this project name the file with its ending. Imports of types do not exist at run time and are skipped. */
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^;']*?\sfrom\s+)?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

/**
 * @param through whether the search follows the imports of a file.
 * @returns the file itself and every file of the project that it imports, directly or through other files.
 */
export function importedFiles(file: string, through: (file: string) => boolean): Set<string> {
  const found = new Set([path.resolve(file)]);
  // The loop also visits the files that it adds to the set.
  for (const one of found) {
    if (!through(one)) continue;
    for (const [, from, late] of readFileSync(one, 'utf8').matchAll(IMPORT)) {
      const imported = path.resolve(path.dirname(one), from ?? late ?? '');
      if (existsSync(imported)) found.add(imported);
    }
  }
  return found;
}

/** The test files that are about to run, and where to prepare things that many of them share. */
export interface Preparation {
  root: string;
  /** Absolute paths. */
  testFiles: string[];
  /** Where to prepare them. Belongs to this run of tests alone. */
  folder: string;
  progress: Pick<Progress, 'say'>;
}

/** @param module a path from the root. @returns how many test files import the module, directly or through others. */
export function countImporters(module: string, { root, testFiles }: Pick<Preparation, 'root' | 'testFiles'>): number {
  const file = path.join(root, module);
  return testFiles.filter((testFile) => importedFiles(testFile, () => true).has(file)).length;
}
