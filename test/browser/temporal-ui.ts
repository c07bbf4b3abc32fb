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
  /** The current details as they are rendered. Needs a worker. */
  readCurrentDetails(): Promise<string>;
  /** Everything that is shown of an activity that is pending. */
  pendingActivityText(activityType: string): Promise<string>;
  /** Waits until a pending activity is `Scheduled`, `Started` or `Paused`. */
  untilActivityIs(activityType: string, state: string): Promise<void>;
  pauseActivity(activityType: string, options: { reason: string }): Promise<void>;
  /** The next attempt begins at once. */
  unpauseActivity(activityType: string): Promise<void>;
  /** What "try again now" is in this UI: the attempts are counted from one again, and the first begins at once. */
  resetActivity(activityType: string): Promise<void>;
  /** Sends an update with one argument. If it is refused, its dialog stays open and says why. */
  sendUpdate(update: { name: string; input: unknown }): Promise<UpdateAnswer>;
  dismissDialog(): Promise<void>;
  /** Asks for the cancellation. */
  cancelWorkflow(): Promise<void>;
  /** The dialog that is open, if one is. */
  dialog: Locator;
}

export function temporalUi(page: Page, { url, namespace }: { url: string; namespace: string }): TemporalUi {
  const workflows = `${url}/namespaces/${namespace}/workflows`;
  const content = page.getByRole('main');
  const dialog = page.getByRole('dialog');
  const heading = page.getByTestId('workflow-id-heading');

  const openTab = (tab: string) => page.getByTestId(`${tab}-tab`).click();
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

  return {
    dialog,

    async findWorkflows(query) {
      await page.goto(`${workflows}?query=${encodeURIComponent(query)}`);
      const rows = page.getByTestId('workflows-summary-configurable-table-row');
      await rows.or(page.getByText('No Results')).first().waitFor();
      const links = await rows.getByRole('link', { name: /^order-creation-/ }).allInnerTexts();
      return links.map((link) => link.trim());
    },

    async openWorkflow(workflowId) {
      await page.goto(`${workflows}/${workflowId}`);
      await heading.filter({ hasText: workflowId }).waitFor();
    },

    async untilStatus(status) {
      await page.locator('header').filter({ has: heading }).getByText(status, { exact: true }).waitFor();
    },

    async readStage() {
      await openTab('search-attributes');
      const json = await content.getByRole('textbox').filter({ hasText: 'indexedFields' }).innerText();
      const { indexedFields } = JSON.parse(json) as { indexedFields: { OrderCreationStage: string } };
      return indexedFields.OrderCreationStage;
    },

    async readCurrentDetails() {
      await openTab('user-metadata');
      const part = content
        .locator('div')
        .filter({ has: page.getByRole('heading', { name: 'Current Details' }) })
        .filter({ has: page.locator('iframe') })
        .last();
      // The UI renders Markdown in a page of its own.
      return await part.frameLocator('iframe').locator('body').innerText();
    },

    pendingActivityText: async (activityType) => await (await activity(activityType)).innerText(),

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

    async resetActivity(activityType) {
      await press(await activity(activityType), 'Reset');
      await confirm('Reset');
    },

    async sendUpdate({ name, input }) {
      await page.getByRole('button', { name: 'More Actions' }).click();
      await page.getByRole('menuitem', { name: 'Send an Update' }).click();
      await dialog.getByTestId('update-select-button').click();
      await page.getByRole('option', { name, exact: true }).click();
      const editor = dialog.locator('[contenteditable=true]');
      await editor.fill(JSON.stringify(input, null, 2));
      // It re-formats its text when it loses the focus: the button would move away from under a click.
      await editor.blur();
      await press(dialog, 'Submit');
      const refusal = dialog.getByRole('alert').filter({ hasText: /\S/ });
      return await Promise.race<UpdateAnswer>([
        dialog.waitFor({ state: 'hidden' }).then(() => ({ kind: 'accepted' })),
        refusal.waitFor().then(async () => ({ kind: 'refused', reason: await refusal.innerText() })),
      ]);
    },

    async dismissDialog() {
      await dialog.getByText('Cancel', { exact: true }).click();
      await dialog.waitFor({ state: 'hidden' });
    },

    async cancelWorkflow() {
      await page.getByRole('button', { name: 'Request Cancellation' }).click();
      await confirm('Confirm');
    },
  };
}

function press(within: Locator, button: string): Promise<void> {
  return within.getByRole('button', { name: button, exact: true }).click();
}
