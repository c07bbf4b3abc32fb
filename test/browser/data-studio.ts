import pWaitFor from 'p-wait-for';
import type { Locator, Page } from 'playwright-core';
import type { LinkIds } from '../../src/domain/order.ts';
import { paste } from './effort.ts';

const FORM_TIMEOUT_MS = 30_000;
/** To the next field of a form. */
const MOST_TABS = 10;

interface Decision {
  choice: string;
  reason: string;
  ids?: LinkIds;
  /** Looks at the form when it is filled in. */
  look?: () => Promise<void>;
}

/** What a role may do, as the pages tell it. */
export interface Offers {
  decides: boolean;
  makesOrders: boolean;
  deletesOrders: boolean;
  configures: boolean;
}

/** Directus' Data Studio, as a support agent uses it. What is said of a field is said of the order that is open. */
export interface DataStudio {
  logIn(credentials: { email: string; password: string }): Promise<void>;
  /** Opens all orders, or a list of the navigation. */
  openOrders(list?: string): Promise<void>;
  /** Looks in the open list for whatever somebody knows of an order, and waits until it is the only one there. */
  searchFor(text: string, options?: { isPasted?: boolean }): Promise<void>;
  /** What is listed of the only order that is. */
  listedOrder(): Promise<string>;
  /** Opens the only order that is listed. */
  openListedOrder(): Promise<void>;
  /** Opens the form of an order, anew if it is open. */
  openOrder(orderId: string): Promise<void>;
  /** Waits until the form of an order is open and filled. */
  untilOrderIsOpen(orderId: string): Promise<void>;
  /** What a field shows; a choice in the words of its list. */
  readField(field: string): Promise<string>;
  /** What the page says that is to be done. */
  whatToDo(): Promise<string>;
  /** Waits until what support staff did about the order is listed, in the words of its line. */
  untilActionIsListed(line: string): Promise<void>;
  /** Fills in the form to decide about the order, with ids that are pasted into fields that the Tab key leads to, and sends it. @returns why it was refused, if it was. */
  decide(decision: Decision): Promise<string | undefined>;
  /** The same about orders of the open list, which are ticked by what their rows say. */
  decideAboutListed(rowTexts: string[], decision: Decision): Promise<string | undefined>;
  /** What the list and the page of an order offer to whoever is logged in. */
  offers(orderId: string): Promise<Offers>;
  /** A field with its name and its note. */
  field(field: string): Locator;
  /** Presses the button that leads from the order to its workflow. @returns the window that it opens. */
  followWorkflowButton(): Promise<Page>;
}

export function dataStudio(page: Page, { url }: { url: string }): DataStudio {
  const orders = `${url}/admin/content/orders`;
  const rows = page.locator('tbody').getByRole('row');
  const fieldOf = (field: string) => page.locator(`[data-field="${field}"]`);
  const valueOf = (field: string) => fieldOf(field).getByRole('textbox');

  const untilFilled = async (isRight: (id: string) => boolean) => {
    await pWaitFor(async () => isRight(await valueOf('id').inputValue()), { timeout: FORM_TIMEOUT_MS });
  };

  const pasteInto = async (field: string, text: string) => {
    // The order's own field, behind the form, is disabled.
    const input = `input[field="${field}"]:enabled`;
    await page.locator(input).waitFor();
    const hasFocus = page.locator(`${input}:focus`);
    for (let tabs = 0; (await hasFocus.count()) === 0; tabs += 1) {
      if (tabs === MOST_TABS) throw new Error(`The Tab key does not lead to ${field}.`);
      await page.keyboard.press('Tab');
    }
    await paste(page, text);
  };

  /** As a person does, since a browser lets pages in the background run slowly. */
  const look = () => page.bringToFront();

  const sendForm = async ({ choice, reason, ids, look: lookAtForm }: Decision, button: string) => {
    await page.locator('[data-icon="bolt"]').last().click();
    await page.getByRole('button', { name: 'Decide about orders' }).click();
    await page.getByText('What is to be done').waitFor();
    await page.locator('input:focus').waitFor();
    await page.keyboard.type(reason);
    await page.getByText(choice).click();
    if (ids) {
      await pasteInto('ridendine_order_id', ids.ridendine_order_id);
      await pasteInto('payment_session_id', ids.payment_session_id);
    }
    await lookAtForm?.();
    await page.getByRole('button', { name: button }).click();
    const done = page.getByText('triggered successfully');
    const refused = page.getByText('[FAILED_VALIDATION]');
    await done.or(refused).first().waitFor();
    if (await done.isVisible()) return undefined;
    const why = await refused.innerText();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    return why;
  };

  const studio: DataStudio = {
    async logIn({ email, password }) {
      await look();
      // An administrator is asked for a licence key, whenever the page is ready to ask.
      const skip = page.getByRole('button', { name: 'Skip', exact: true });
      await page.addLocatorHandler(skip, () => skip.click());
      await page.goto(`${url}/admin/login`);
      await page.getByPlaceholder('Email').fill(email);
      await page.getByPlaceholder('Password').fill(password);
      await page.getByPlaceholder('Password').press('Enter');
      await page.waitForURL(/\/admin\/content/);
      // It offers how to lay out lists, and covers their right third.
      await page.locator('.sidebar-toggle').getByRole('button').click();
    },

    async openOrders(list) {
      await look();
      await page.goto(orders);
      if (list !== undefined) await page.getByRole('link', { name: list }).click();
      await page.getByRole('heading', { name: list ?? 'Orders' }).waitFor();
      // It remembers what it was searched for last, of which there may be nothing any more.
      await rows
        .first()
        .or(page.getByText(/^No (Results|Items)$/))
        .first()
        .waitFor();
    },

    async searchFor(text, { isPasted = false } = {}) {
      const search = page.getByRole('search');
      await search.getByRole('button').first().click();
      await search.locator('input:focus').waitFor();
      await page.keyboard.press('Control+A');
      // One that was found before stands there until the new one does.
      let id: string | undefined;
      const found = page.waitForResponse(async (response) => {
        if (new URL(response.url()).searchParams.get('search') !== text) return false;
        const { data } = (await response.json()) as { data?: { id?: string }[] };
        id = data?.[0]?.id;
        return id !== undefined;
      });
      await (isPasted ? paste(page, text) : page.keyboard.type(text));
      await found;
      await rows.filter({ hasText: id ?? '' }).waitFor();
      await pWaitFor(async () => (await rows.count()) === 1, { timeout: FORM_TIMEOUT_MS });
    },

    listedOrder: () => rows.innerText(),

    async openListedOrder() {
      await rows.getByRole('cell').nth(1).click();
      await page.waitForURL(/\/orders\/[0-9a-f-]{36}/);
      await untilFilled((id) => id !== '');
    },

    async openOrder(orderId) {
      await look();
      await page.goto(`${orders}/${orderId}`);
      await untilFilled((id) => id === orderId);
    },

    untilOrderIsOpen: (orderId) => untilFilled((id) => id === orderId),

    whatToDo: () => fieldOf('what_to_do').innerText(),

    readField: (field) => valueOf(field).inputValue(),

    async untilActionIsListed(line) {
      await fieldOf('support_actions').getByText(line).waitFor();
    },

    decide: (decision) => sendForm(decision, 'Run Flow on Current Item'),

    async decideAboutListed(rowTexts, decision) {
      for (const hasText of rowTexts) await rows.filter({ hasText }).getByRole('checkbox').click();
      return await sendForm(decision, `Run Flow on ${rowTexts.length} Selected Items`);
    },

    async offers(orderId) {
      const has = async (selector: string) => (await page.locator(selector).count()) > 0;
      await studio.openOrders();
      const makesOrders = await has('a[href$="/orders/+"]');
      await studio.openOrder(orderId);
      // What is beside the order comes last: the role is known then.
      await page.getByText('Comments', { exact: true }).waitFor();
      await page.waitForLoadState('networkidle');
      return {
        decides: await has('[data-icon="bolt"]'),
        makesOrders,
        deletesOrders: await has('button:enabled:has([data-icon="delete"])'),
        configures: await has('a[href$="/admin/settings"]'),
      };
    },

    field: fieldOf,

    async followWorkflowButton() {
      const opened = page.waitForEvent('popup');
      await page.getByRole('link', { name: 'What happened to this order' }).click();
      return await opened;
    },
  };
  return studio;
}
