import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Progress } from '../../stack/progress.ts';

/** Every import of this project names the file with its ending; one of a type alone is gone when the code runs. */
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^;']*?\sfrom\s+)?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

/**
 * @param through whether what a file imports is looked at as well.
 * @returns the file itself and every file of the project that it imports, itself or through others.
 */
export function importedFiles(file: string, through: (file: string) => boolean): Set<string> {
  const found = new Set([path.resolve(file)]);
  // What is added while they are gone through comes up as well.
  for (const one of found) {
    if (!through(one)) continue;
    for (const [, from, late] of readFileSync(one, 'utf8').matchAll(IMPORT)) {
      const imported = path.resolve(path.dirname(one), from ?? late ?? '');
      if (existsSync(imported)) found.add(imported);
    }
  }
  return found;
}

/** The test files that are about to run, and what is made for many of them at once. */
export interface Preparation {
  root: string;
  /** Absolute paths. */
  testFiles: string[];
  /** Of this run of tests alone: where it is made. */
  folder: string;
  progress: Pick<Progress, 'say'>;
}

/** How many of the test files import a module, themselves or through others. @param module its path from the root. */
export function countImporters(module: string, { root, testFiles }: Pick<Preparation, 'root' | 'testFiles'>): number {
  const file = path.join(root, module);
  return testFiles.filter((testFile) => importedFiles(testFile, () => true).has(file)).length;
}
