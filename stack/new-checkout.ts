import path from 'node:path';
import { writeDemoCheckout } from './demo-checkout.ts';
import { loadSecrets } from './secrets.ts';
import { readStackSettings } from './settings.ts';

/** `npm run checkout`: a fresh quote in the stack that runs, since a quote makes one order. */
try {
  const settings = readStackSettings(process.env);
  if (settings.given.directus !== undefined) {
    throw new Error("A Directus of your own gets no demo quotes: take one of your shop's.");
  }
  const file = await writeDemoCheckout({
    dataDir: settings.dataDir,
    url: `http://127.0.0.1:${settings.ports.directus}`,
    adminToken: loadSecrets(settings).directusAdminToken,
  });
  process.stdout.write(`${path.relative(process.cwd(), file)} confirms a fresh quote.\n`);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`There is no fresh quote: ${reason} Does \`npm start\` run?\n`);
  process.exitCode = 1;
}
