import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';

const folder = new URL('../../docs/pictures/', import.meta.url);
const isAsked = process.env['TAKE_PICTURES'] === 'on';

interface Crop {
  /** The part of the window that matters; all of it unless told. */
  of?: Locator;
  /** How much of what is around that part is shown with it, in pixels. */
  margin?: number;
  /** Where the picture begins: what comes before this is not for it. */
  from?: Locator;
  /** Where the picture ends: what comes from here on is not for it. */
  above?: Locator;
  /** The most of it that is shown, from the top, in pixels. */
  height?: number;
  /** How large the window is for the picture, where its usual size cuts off what matters. In pixels. */
  window?: { width: number; height: number };
}

/**
 * Takes a picture for the documents, in `npm run docs:pictures` alone: any other run of the tests leaves the work tree
 * as it is.
 *
 * @param name of the file below `docs/pictures`, without its ending.
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
