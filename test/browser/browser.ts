import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { findChromium } from '../support/find-chromium.ts';

/** The time limit for one condition on a page: ten times the usual time, for a busy machine. */
const PAGE_TIMEOUT_MS = 30_000;

/** Starts the machine's Chromium. The caller must close it. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: await findChromium(process.env),
    // Chromium does not run its sandbox as root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

/**
 * Opens a browser window for a support agent, with its own logins and its own storage. Pages that are opened from it
 * share both. The window closes with the browser.
 */
export async function newWindow(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, reducedMotion: 'reduce' });
  context.setDefaultTimeout(PAGE_TIMEOUT_MS);
  return await context.newPage();
}
