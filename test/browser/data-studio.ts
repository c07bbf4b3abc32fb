import pWaitFor from 'p-wait-for';
import type { Locator, Page } from 'playwright-core';
import type { LinkIds } from '../../src/domain/order.ts';
import { paste } from './effort.ts';

const FORM_TIMEOUT_MS = 30_000;
/** How often the Tab key may be pressed to reach the next field of a form. */
const MOST_TABS = 10;

interface Decision {
  choice: string;
  reason: string;
  ids?: LinkIds;
  /** Called when the form is filled in and not yet sent. */
  look?: () => Promise<void>;
}

/** What the pages offer to a role. */
export interface Offers {
  decides: boolean;
  makesOrders: boolean;
  deletesOrders: boolean;
  configures: boolean;
}

/** Directus' Data Studio, as a support agent uses it. Methods about a field concern the order that is open. */
export interface DataStudio {
  logIn(credentials: { email: string; password: string }): Promise<void>;
  /** Opens all orders, or the list with this name in the navigation. */
  openOrders(list?: string): Promise<void>;
  /** Searches the open list for a text, and waits until the list shows only one order. */
  searchFor(text: string, options?: { isPasted?: boolean }): Promise<void>;
  /** The text of the only row in the list. */
  listedOrder(): Promise<string>;
  /** Opens the only order that is listed. */
  openListedOrder(): Promise<void>;
  /** Opens the form of an order, and loads it again if it is open. */
  openOrder(orderId: string): Promise<void>;
  /** Waits until the form of an order is open and filled. */
  untilOrderIsOpen(orderId: string): Promise<void>;
  /** What a field shows: for a choice, its label. */
  readField(field: string): Promise<string>;
  /** What the page says about what to do with the order. */
  whatToDo(): Promise<string>;
  /** Waits until the order lists a support action with this line. */
  untilActionIsListed(line: string): Promise<void>;
  /**
   * Fills in the form that decides about the order, and sends it. Reaches the fields for ids with the Tab key, and
   * pastes the ids.
   *
   * @returns why the decision was refused, or undefined.
   */
  decide(decision: Decision): Promise<string | undefined>;
  /** Like {@link DataStudio.decide}, for the orders of the open list whose rows contain these texts. */
  decideAboutListed(rowTexts: string[], decision: Decision): Promise<string | undefined>;
  /** What the list and the page of an order offer to the user who is logged in. */
  offers(orderId: string): Promise<Offers>;
  /** The element of a field, with its name and its note. */
  field(field: string): Locator;
  /** Presses the button that leads from the order to its workflow. @returns the window that the button opens. */
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
    // The order's page, behind the form, has a field of the same name, which is disabled.
    const input = `input[field="${field}"]:enabled`;
    await page.locator(input).waitFor();
    const hasFocus = page.locator(`${input}:focus`);
    for (let tabs = 0; (await hasFocus.count()) === 0; tabs += 1) {
      if (tabs === MOST_TABS) throw new Error(`The Tab key does not lead to ${field}.`);
      await page.keyboard.press('Tab');
    }
    await paste(page, text);
  };

  /** Brings the page to the front, as a person does: a browser slows down pages in the background. */
  const look = () => page.bringToFront();

  const sendForm = async ({ choice, reason, ids, look: lookAtForm }: Decision, button: string) => {
    await page.locator('[data-icon="bolt"]').last().click();
    await page.getByRole('button', { name: 'Decide about orders' }).click();
    await page.getByText('Decision', { exact: true }).waitFor();
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
      // The page asks an administrator for a licence key, at a moment that cannot be foreseen.
      const skip = page.getByRole('button', { name: 'Skip', exact: true });
      await page.addLocatorHandler(skip, () => skip.click());
      await page.goto(`${url}/admin/login`);
      await page.getByPlaceholder('Email').fill(email);
      await page.getByPlaceholder('Password').fill(password);
      await page.getByPlaceholder('Password').press('Enter');
      await page.waitForURL(/\/admin\/content/);
      // The sidebar offers layouts for lists, and covers the right third of each list.
      await page.locator('.sidebar-toggle').getByRole('button').click();
    },

    async openOrders(list) {
      await look();
      await page.goto(orders);
      if (list !== undefined) await page.getByRole('link', { name: list }).click();
      await page.getByRole('heading', { name: list ?? 'Orders' }).waitFor();
      // The list remembers its last search, which may find nothing now.
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
      // The result of an earlier search stays until the new one arrives, so this waits for the response.
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
      // The sidebar of the order loads last. By then the page knows the role.
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
