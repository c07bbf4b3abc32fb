import path from 'node:path';

/** A file as a person would type it where the command was called: npm itself goes to the folder of the project. */
export function shownPath(file: string): string {
  const below = path.relative(process.env['INIT_CWD'] ?? process.cwd(), file);
  return below.startsWith('..') ? file : below;
}
