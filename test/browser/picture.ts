import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';

const folder = new URL('../../docs/pictures/', import.meta.url);
const isAsked = process.env['TAKE_PICTURES'] === 'on';

interface Crop {
  /** The part of the window to show. Default: the whole window. */
  of?: Locator;
  /** How many pixels around that part are shown, too. */
  margin?: number;
  /** The picture begins at the top of this element. */
  from?: Locator;
  /** The picture ends above this element. */
  above?: Locator;
  /** The greatest height of the picture, in pixels. */
  height?: number;
  /** The size of the window for the picture, in pixels. Needed where the usual size cuts off a part of it. */
  window?: { width: number; height: number };
}

/**
 * Takes a picture for the documents, but only in `npm run docs:pictures`: other runs of the tests do not change the
 * work tree.
 *
 * @param name the name of the file below `docs/pictures`, without its extension.
 */
export async function picture(page: Page, name: string, crop: Crop = {}): Promise<void> {
  if (!isAsked) return;
  const usual = page.viewportSize();
  if (crop.window) await page.setViewportSize(crop.window);
  const part = crop.of ? await boxOf(crop.of, crop.margin) : { x: 0, y: 0, ...sizeOf(page) };
  const start = crop.from ? (await boxOf(crop.from)).y : part.y;
  const end = crop.above ? (await boxOf(crop.above)).y : part.y + part.height;
  const path = fileURLToPath(new URL(`${name}.png`, folder));
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({
    path,
    clip: { ...part, y: start, height: Math.min(end - start, crop.height ?? Infinity) },
    animations: 'disabled',
    caret: 'hide',
  });
  if (usual) await page.setViewportSize(usual);
}

async function boxOf(part: Locator, margin = 0) {
  await part.scrollIntoViewIfNeeded();
  const box = await part.boundingBox();
  if (!box) throw new Error(`There is nothing to take a picture of: ${String(part)}`);
  const { x, y, width, height } = box;
  return { x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin };
}

function sizeOf(page: Page) {
  const size = page.viewportSize();
  if (!size) throw new Error('The window has no size of its own.');
  return size;
}
