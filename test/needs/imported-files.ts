import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

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
