import pWaitFor from 'p-wait-for';
import type { Page } from 'playwright-core';

const FORM_TIMEOUT_MS = 30_000;

/** Directus' Data Studio, as a support agent uses it. */
export interface DataStudio {
  /** As an administrator: the offer of paid plans that a new one gets is declined. */
  logIn(credentials: { email: string; password: string }): Promise<void>;
  /** Opens the form of an order and waits until its values are there. */
  openOrder(orderId: string): Promise<void>;
  /** What a field of the open order shows; a choice in the words of its list. */
  readField(field: string): Promise<string>;
  /** Presses the button that leads from the open order to its workflow. @returns the window that it opens. */
  followWorkflowButton(): Promise<Page>;
}

export function dataStudio(page: Page, { url }: { url: string }): DataStudio {
  const valueOf = (field: string) => page.locator(`[data-field="${field}"]`).getByRole('textbox');

  return {
    async logIn({ email, password }) {
      await page.goto(`${url}/admin/login`);
      await page.getByPlaceholder('Email').fill(email);
      await page.getByPlaceholder('Password').fill(password);
      await page.getByPlaceholder('Password').press('Enter');
      await page.getByRole('button', { name: 'Skip' }).click();
      await page.getByText('Have a license key?').waitFor({ state: 'detached' });
    },

    async openOrder(orderId) {
      await page.goto(`${url}/admin/content/orders/${orderId}`);
      await pWaitFor(async () => (await valueOf('id').inputValue()) === orderId, { timeout: FORM_TIMEOUT_MS });
    },

    readField: (field) => valueOf(field).inputValue(),

    async followWorkflowButton() {
      const opened = page.waitForEvent('popup');
      await page.getByRole('link', { name: 'What happened to this order' }).click();
      return await opened;
    },
  };
}
