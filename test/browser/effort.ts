import type { BrowserContext, Page } from 'playwright-core';

/** What a person did by hand. */
export interface Effort {
  clicks: number;
  /** Typed characters. Pasted text does not count. */
  characters: number;
}

/** Counts clicks and typed characters in all pages that a browser window opens from now on. */
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

/** Pastes a text into the element that has the focus, as a person does. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await page.keyboard.press('Control+V');
}
