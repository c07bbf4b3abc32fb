import type { Locator, Page } from 'playwright-core';

/** How the UI answers an update. */
export type UpdateAnswer = { kind: 'accepted' } | { kind: 'refused'; reason: string };

/** The Temporal UI, as a support agent uses it. Methods without a workflow id concern the workflow that is open. */
export interface TemporalUi {
  /** Lists the workflows that a query finds. @returns their ids; an empty list if the query finds none. */
  findWorkflows(query: string): Promise<string[]>;
  /** Opens the latest run of a workflow. */
  openWorkflow(workflowId: string): Promise<void>;
  /** Waits until the page shows this status: `Running`, `Completed`, `Failed` or `Canceled`. */
  untilStatus(status: string): Promise<void>;
  /** The search attribute `OrderCreationStage`. */
  readStage(): Promise<string>;
  /** The input of the workflow. */
  readInput(): Promise<string>;
  /** The result of the workflow. */
  readResult(): Promise<string>;
  /** The summary of the workflow. */
  readSummary(): Promise<string>;
  /** Waits until a step with this summary is listed. */
  untilStepIsListed(summary: string): Promise<void>;
  /** Waits until the current details have this title. Needs a worker. @returns all current details as rendered text. */
  readCurrentDetails(title: string): Promise<string>;
  /** Follows a link in the current details. @returns the window that the link opens. */
  followLink(name: string): Promise<Page>;
  /** Everything that the history shows about the only step that has failed. */
  readFailedStep(): Promise<string>;
  /** Everything that the page shows about a pending activity. */
  pendingActivityText(activityType: string): Promise<string>;
  /** Waits until a pending activity is `Scheduled`, `Started` or `Paused`. */
  untilActivityIs(activityType: string, state: string): Promise<void>;
  pauseActivity(activityType: string, options: { reason: string }): Promise<void>;
  /** Resumes a paused activity. Its next attempt begins at once. */
  unpauseActivity(activityType: string): Promise<void>;
  /** Opens the dialog that resets an activity: the UI's way to try again now. See {@link TemporalUi.confirmReset}. */
  openReset(activityType: string): Promise<void>;
  /** Resets the activity. Its attempts are counted from one again, and the first one begins at once. */
  confirmReset(): Promise<void>;
  /** Opens the dialog in which an update is written and sent. */
  openUpdate(name: string): Promise<void>;
  /** Writes the update's only argument. */
  fillUpdate(input: unknown): Promise<void>;
  /** Sends the update. If it is refused, its dialog stays open and says why. */
  submitUpdate(): Promise<UpdateAnswer>;
  dismissDialog(): Promise<void>;
  /** The dialog that is open, if one is. */
  dialog: Locator;
  /** The row of tabs, below the part that is the same for every workflow. */
  tabs: Locator;
}

export function temporalUi(page: Page, { url, namespace }: { url: string; namespace: string }): TemporalUi {
  const workflows = `${url}/namespaces/${namespace}/workflows`;
  const content = page.getByRole('main');
  const dialog = page.getByRole('dialog');
  const heading = page.getByTestId('workflow-id-heading');

  const openTab = async (tab: string) => {
    if (!new URL(page.url()).pathname.endsWith(`/${tab}`)) await page.getByTestId(`${tab}-tab`).click();
  };
  const activity = async (activityType: string) => {
    await openTab('pending-activities');
    // The innermost element with both texts is the activity's own part of the page.
    return content
      .locator('div')
      .filter({ has: page.getByRole('heading', { name: activityType }) })
      .filter({ hasText: 'Activity ID' })
      .last();
  };
  const confirm = async (button: string) => {
    await press(dialog, button);
    await dialog.waitFor({ state: 'hidden' });
  };
  /** Waits until the box below a heading has text. @returns the text. */
  const readBox = async (title: string) => {
    await openTab('history');
    const box = content
      .locator('div')
      .filter({ has: page.getByRole('heading', { name: title, exact: true }) })
      .filter({ has: page.getByRole('textbox') })
      .last();
    return await decoded(box.getByRole('textbox').filter({ hasText: /\w/ })).innerText();
  };
  /** The UI renders Markdown in an iframe. */
  const rendered = async (title: string) => {
    await openTab('user-metadata');
    const part = content
      .locator('div')
      .filter({ has: page.getByRole('heading', { name: title, exact: true }) })
      .filter({ has: page.locator('iframe') })
      .last();
    return part.frameLocator('iframe').locator('body').filter({ hasText: /\S/ });
  };

  /** Brings the page to the front, as a person does: a browser slows down pages in the background. */
  const look = () => page.bringToFront();

  return {
    dialog,
    tabs: page.getByRole('tablist').first(),

    async findWorkflows(query) {
      await look();
      await page.goto(`${workflows}?query=${encodeURIComponent(query)}`);
      const rows = page.getByTestId('workflows-summary-configurable-table-row');
      await rows.or(page.getByText('No Workflows Found')).first().waitFor();
      const links = await rows.getByRole('link', { name: /^order-creation-/ }).allInnerTexts();
      return links.map((link) => link.trim());
    },

    async openWorkflow(workflowId) {
      await look();
      await page.goto(`${workflows}/${workflowId}`);
      await heading.filter({ hasText: workflowId }).waitFor();
    },

    async untilStatus(status) {
      await page.locator('header').filter({ has: heading }).getByText(status, { exact: true }).waitFor();
    },

    async readStage() {
      await openTab('search-attributes');
      const json = await content.getByRole('textbox').filter({ hasText: 'OrderCreationStage' }).innerText();
      const { OrderCreationStage } = JSON.parse(json) as { OrderCreationStage: string };
      return OrderCreationStage;
    },

    readInput: () => readBox('Input'),
    readResult: () => readBox('Result'),

    async readSummary() {
      return await (await rendered('Summary')).innerText();
    },

    async untilStepIsListed(summary) {
      await openTab('history');
      await content.getByText(summary).waitFor();
    },

    async readCurrentDetails(title) {
      return await (await rendered('Current Details')).filter({ hasText: title }).innerText();
    },

    async followLink(name) {
      const opened = page.waitForEvent('popup');
      await (await rendered('Current Details')).getByRole('link', { name }).click();
      return await opened;
    },

    async readFailedStep() {
      await openTab('history');
      const event = page.getByTestId('event-summary-row').filter({ hasText: 'Activity Task Failed' });
      await event.getByTestId('link').first().click();
      await page.waitForURL(/\/history\/events\/\d+/);
      return await decoded(content.getByRole('textbox').filter({ hasText: 'applicationFailureInfo' })).innerText();
    },

    pendingActivityText: async (activityType) => await decoded(await activity(activityType)).innerText(),

    async untilActivityIs(activityType, state) {
      await (await activity(activityType)).getByText(state, { exact: true }).waitFor();
    },

    async pauseActivity(activityType, { reason }) {
      await press(await activity(activityType), 'Pause');
      await dialog.getByLabel('Reason').fill(reason);
      await confirm('Pause');
    },

    async unpauseActivity(activityType) {
      await press(await activity(activityType), 'Unpause');
      await confirm('Unpause');
    },

    async openReset(activityType) {
      await press(await activity(activityType), 'Reset');
      await dialog.waitFor();
    },

    confirmReset: () => confirm('Reset'),

    async openUpdate(name) {
      await page.getByRole('button', { name: 'More Actions' }).click();
      await page.getByRole('menuitem', { name: 'Send an Update' }).click();
      await dialog.getByTestId('update-select-button').click();
      await page.getByRole('option', { name, exact: true }).click();
    },

    async fillUpdate(input) {
      const editor = dialog.locator('[contenteditable=true]');
      await editor.fill(JSON.stringify(input, null, 2));
      // The editor re-formats its text when it loses the focus. That would move the button while it is clicked.
      await editor.blur();
    },

    async submitUpdate() {
      const refusal = dialog.getByRole('alert').filter({ hasText: /\S/ });
      await press(dialog, 'Submit');
      return await Promise.race<UpdateAnswer>([
        dialog.waitFor({ state: 'hidden' }).then(() => ({ kind: 'accepted' })),
        refusal.waitFor().then(async () => ({ kind: 'refused', reason: await refusal.innerText() })),
      ]);
    },

    async dismissDialog() {
      await dialog.getByText('Cancel', { exact: true }).click();
      await dialog.waitFor({ state: 'hidden' });
    },
  };
}

function press(within: Locator, button: string): Promise<void> {
  return within.getByRole('button', { name: button, exact: true }).click();
}

/** Selects decoded text only: the UI shows encrypted payloads until the codec server has answered. */
function decoded(part: Locator): Locator {
  return part.filter({ hasNotText: 'encryption-key-id' });
}
