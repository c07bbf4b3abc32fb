import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describeCapacity, shownSizes, usualDemand } from './capacity-report.ts';
import { costsOf } from './capacity.ts';
import { measuredFile } from './measured.ts';
import { drawPerformanceCharts } from './performance-charts.ts';
import { describePerformance } from './performance-page.ts';
import type { BenchResult } from './result.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const charts = 'docs/pictures/performance';

/** What a result becomes in the repository: the text of each file, by its path from the root. */
export async function pagesOf(result: BenchResult): Promise<Record<string, string>> {
  const costs = costsOf(result);
  const sizes = shownSizes.map((ordersPerSecond) => describeCapacity(costs, { ...usualDemand, ordersPerSecond }));
  return Object.fromEntries([
    [path.relative(root, measuredFile), await formatted(measuredFile, JSON.stringify(result))],
    await withFigures('docs/performance.md', describePerformance(result)),
    await withFigures('docs/operations.md', ['```text', sizes.join('\n\n\n'), '```'].join('\n')),
    ...Object.entries(drawPerformanceCharts(result)).map(([name, svg]) => [`${charts}/${name}`, svg]),
  ]);
}

/** Writes all of them. @returns their paths. */
export async function writePages(result: BenchResult): Promise<string[]> {
  const pages = await pagesOf(result);
  await mkdir(path.join(root, charts), { recursive: true });
  for (const [file, text] of Object.entries(pages)) await writeFile(path.join(root, file), text);
  return Object.keys(pages);
}

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** The page with the figures in their place. @throws Error if it has none for them. */
async function withFigures(file: string, figures: string): Promise<[string, string]> {
  const text = await readFile(path.join(root, file), 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${file} has no place for figures: ${BEGIN} … ${END}.`);
  const changed = `${text.slice(0, begin + BEGIN.length)}\n\n${figures}\n\n${text.slice(end)}`;
  return [file, await formatted(path.join(root, file), changed)];
}

async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}
