import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';

const folder = new URL('../../docs/pictures/', import.meta.url);
const isAsked = process.env['TAKE_PICTURES'] === 'on';

/**
 * Takes a picture for the documents, in `npm run docs:pictures` alone: any other run of the tests leaves the work tree
 * as it is.
 *
 * @param name of the file below `docs/pictures`, without its ending.
 * @param crop.of the part of the window that matters; all of it unless told.
 * @param crop.height the most of it that is shown, from the top, in pixels.
 */
export async function picture(page: Page, name: string, crop: { of?: Locator; height?: number } = {}): Promise<void> {
  if (!isAsked) return;
  const { x, y, width, height } = await boxOf(page, crop.of);
  await page.screenshot({
    path: fileURLToPath(new URL(`${name}.png`, folder)),
    clip: { x, y, width, height: Math.min(height, crop.height ?? height) },
    animations: 'disabled',
    caret: 'hide',
  });
}

async function boxOf(page: Page, part: Locator | undefined) {
  const box = part ? await part.boundingBox() : { x: 0, y: 0, ...page.viewportSize() };
  if (box?.width === undefined || box.height === undefined) throw new Error('There is nothing to take a picture of.');
  return { x: box.x, y: box.y, width: box.width, height: box.height };
}
