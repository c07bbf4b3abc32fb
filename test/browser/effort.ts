import type { BrowserContext, Page } from 'playwright-core';

/** What a person did by hand. */
export interface Effort {
  clicks: number;
  /** Those that were typed; text that was pasted counts as none. */
  characters: number;
}

/** Counts, in all pages that a browser window opens from now on, what its browser says that a person did. */
export async function countEffort(context: BrowserContext): Promise<{ untilNow(): Effort }> {
  const done: Effort = { clicks: 0, characters: 0 };
  await context.exposeFunction('noteEffort', (kind: keyof Effort, count: number) => {
    done[kind] += count;
  });
  await context.addInitScript({
    content: `
      addEventListener('pointerdown', ({ isTrusted }) => isTrusted && noteEffort('clicks', 1), { capture: true });
      addEventListener('input', ({ inputType, data }) => {
        if (inputType === 'insertText') noteEffort('characters', data?.length ?? 0);
      }, { capture: true });`,
  });
  return { untilNow: () => ({ ...done }) };
}

/** Into what has the focus, as a person pastes what stands elsewhere. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await page.keyboard.press('Control+V');
}
