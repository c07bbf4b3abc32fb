import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { findChromium } from '../support/find-chromium.ts';

/** For one condition on a page: ten times what it takes, on a busy machine. */
const PAGE_TIMEOUT_MS = 30_000;

/** Starts the machine's Chromium; whoever starts it closes it. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: await findChromium(process.env),
    // Chromium refuses its sandbox to root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

/**
 * A support agent's browser window, with its own logins and its own storage, which the pages that are opened from it
 * share; closed with the browser.
 */
export async function newWindow(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, reducedMotion: 'reduce' });
  context.setDefaultTimeout(PAGE_TIMEOUT_MS);
  return await context.newPage();
}
