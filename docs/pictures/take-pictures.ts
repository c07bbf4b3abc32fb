import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startRunningStack } from '../../test/support/running-stack.ts';
import { DIRECTUS_ADMIN_EMAIL } from '../../stack/start-order-data.ts';

/** `npm run docs:pictures`: the pictures of the README, from the real stack in a real browser. */
const picture = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const world = await startRunningStack();
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  // Chromium refuses its sandbox to root.
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  const key = randomUUID();
  const answer = (await (await world.post(key, await world.newCheckout())).json()) as { order_id: string };
  const { urls, secrets } = world.stack;
  const page = await browser.newPage({ viewport: { width: 1280, height: 1100 } });

  await page.goto(`${urls.temporalUi}/namespaces/default/workflows/order-creation-${key}`);
  await page.getByText('Save the RideNDine ids on the order').first().waitFor();
  await page.screenshot({ path: picture('workflow.png') });

  await page.goto(`${urls.directus}/admin/login`);
  await page.locator('input[type=email]').fill(DIRECTUS_ADMIN_EMAIL);
  await page.locator('input[type=password]').fill(secrets.directusAdminPassword);
  await page.locator('button[type=submit]').click();
  await page.waitForURL((url) => !url.pathname.endsWith('/login'));
  await page.goto(`${urls.directus}/admin/content/orders/${answer.order_id}`);
  await page.getByText('Pending payment').first().waitFor();
  // Directus offers a new administrator its paid plans.
  await page.getByRole('button', { name: 'Skip' }).click();
  await page.getByText('Have a license key?').waitFor({ state: 'detached' });
  await page.screenshot({ path: picture('order.png') });
} finally {
  await browser.close();
  await world.stop();
}
