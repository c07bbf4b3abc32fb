import { setVariables } from '../src/config/environment.ts';
import { findRunningServices } from './data-folder.ts';
import { readSecret } from './secrets.ts';
import { writeDemoCheckout } from './demo-checkout.ts';
import { dataFolder, shownPath } from './settings.ts';

/** `npm run checkout`: makes a fresh quote in the running stack, because each quote makes only one order. */
try {
  const dataDir = dataFolder(process.env);
  const services = findRunningServices(dataDir);
  if (services === undefined)
    throw new Error(`No embedded stack runs on ${shownPath(dataDir)}: "npm start" starts it.`);
  const url = services.variables['DIRECTUS_URL'];
  if (url === undefined) throw new Error("A Directus of your own gets no demo quotes: take one of your shop's.");
  const adminToken = setVariables(process.env)['DIRECTUS_ADMIN_TOKEN'] ?? readSecret(dataDir, 'directusAdminToken');
  const file = await writeDemoCheckout({ dataDir, url, adminToken });
  process.stdout.write(`${shownPath(file)} confirms a fresh quote.\n`);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`There is no fresh quote: ${reason}\n`);
  process.exitCode = 1;
}
