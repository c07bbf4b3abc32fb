import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Replaces the figures of a suite in docs/reliability.md. @throws if the page has no place for them. */
export async function writeFigures(
  suite: 'chaos' | 'production' | 'containers' | 'search' | 'planted' | 'reconcile',
  figures: string,
): Promise<void> {
  const page = 'docs/reliability.md';
  await writeFile(`${root}${page}`, await withFigures(page, suite, figures));
}

/** The text of a page, a path from the root, with other figures. @throws if the page has no place for them. */
export async function withFigures(page: string, suite: string, figures: string): Promise<string> {
  const [beginMark, endMark] = [`<!-- ${suite}:begin -->`, `<!-- ${suite}:end -->`];
  const text = await readFile(`${root}${page}`, 'utf8');
  const [begin, end] = [text.indexOf(beginMark), text.indexOf(endMark)];
  if (begin === -1 || end < begin) throw new Error(`${page} has no place for figures: ${beginMark} … ${endMark}.`);
  const changed = `${text.slice(0, begin + beginMark.length)}\n\n${figures}\n\n${text.slice(end)}`;
  return await format(changed, { ...(await resolveConfig(`${root}${page}`)), parser: 'markdown' });
}

export function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
