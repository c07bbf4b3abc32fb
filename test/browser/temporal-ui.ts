import type { Locator, Page } from 'playwright-core';

/** How the UI answers an update. */
export type UpdateAnswer = { kind: 'accepted' } | { kind: 'refused'; reason: string };

/** The Temporal UI, as a support agent uses it. What is said of a workflow is said of the one that is open. */
export interface TemporalUi {
  /** Lists the workflows that a query finds. @returns their ids; none if it finds none. */
  findWorkflows(query: string): Promise<string[]>;
  /** Opens the latest run of a workflow. */
  openWorkflow(workflowId: string): Promise<void>;
  /** Waits until the workflow is said to be `Running`, `Completed`, `Failed` or `Canceled`. */
  untilStatus(status: string): Promise<void>;
  /** The search attribute `OrderCreationStage`. */
  readStage(): Promise<string>;
  /** What the workflow was started with. */
  readInput(): Promise<string>;
  /** How the workflow has ended. */
  readResult(): Promise<string>;
  /** The summary of the workflow. */
  readSummary(): Promise<string>;
  /** Waits until a step with this summary is listed. */
  untilStepIsListed(summary: string): Promise<void>;
  /** Waits until the current details have this title. Needs a worker. @returns all of them, as they are rendered. */
  readCurrentDetails(title: string): Promise<string>;
  /** Follows a link in the current details. @returns the window that it opens. */
  followLink(name: string): Promise<Page>;
  /** Everything that the history tells of the only step that has failed. */
  readFailedStep(): Promise<string>;
  /** Everything that is shown of an activity that is pending. */
  pendingActivityText(activityType: string): Promise<string>;
  /** Waits until a pending activity is `Scheduled`, `Started` or `Paused`. */
  untilActivityIs(activityType: string, state: string): Promise<void>;
  pauseActivity(activityType: string, options: { reason: string }): Promise<void>;
  /** The next attempt begins at once. */
  unpauseActivity(activityType: string): Promise<void>;
  /** Opens the dialog of what "try again now" is in this UI: {@link TemporalUi.confirmReset}. */
  openReset(activityType: string): Promise<void>;
  /** The attempts are counted from one again, and the first begins at once. */
  confirmReset(): Promise<void>;
  /** Opens the dialog in which an update is written and sent. */
  openUpdate(name: string): Promise<void>;
  /** Writes the update's one argument. */
  fillUpdate(input: unknown): Promise<void>;
  /** If the update is refused, its dialog stays open and says why. */
  submitUpdate(): Promise<UpdateAnswer>;
  dismissDialog(): Promise<void>;
  /** The dialog that is open, if one is. */
  dialog: Locator;
  /** The row of tabs, below what is told of every workflow. */
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
    // The innermost part of the page that has both is the activity's own.
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
  /** The text of the box below a heading, when it has one. */
  const readBox = async (title: string) => {
    await openTab('history');
    const box = content
      .locator('div')
      .filter({ has: page.getByRole('heading', { name: title, exact: true }) })
      .filter({ has: page.getByRole('textbox') })
      .last();
    return await decoded(box.getByRole('textbox').filter({ hasText: /\w/ })).innerText();
  };
  /** The UI renders Markdown in a page of its own. */
  const rendered = async (title: string) => {
    await openTab('user-metadata');
    const part = content
      .locator('div')
      .filter({ has: page.getByRole('heading', { name: title, exact: true }) })
      .filter({ has: page.locator('iframe') })
      .last();
    return part.frameLocator('iframe').locator('body').filter({ hasText: /\S/ });
  };

  /** As a person does, since a browser lets pages in the background run slowly. */
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
      // It re-formats its text when it loses the focus: the button would move away from under a click.
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

/** The UI shows what is encrypted as it is, until the codec server has answered. */
function decoded(part: Locator): Locator {
  return part.filter({ hasNotText: 'encryption-key-id' });
}
