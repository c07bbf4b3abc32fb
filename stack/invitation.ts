import { shownPath } from './shown-path.ts';

/** Lines that show how to order something oneself; they can be pasted as they are, and hold no credential. */
export function invitation(options: { gatewayUrl: string; gatewayKeyFile: string; checkoutFile: string }): string[] {
  const { gatewayUrl, gatewayKeyFile, checkoutFile } = options;
  return [
    '',
    'An order of your own, from another terminal ("npm run checkout" makes a fresh quote for the next):',
    '',
    `curl -i ${gatewayUrl}/v1/orders \\`,
    `  -H "Authorization: Bearer $(cat ${shellWord(shownPath(gatewayKeyFile))})" \\`,
    `  -H "Idempotency-Key: $(node -p 'crypto.randomUUID()')" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d @${shellWord(shownPath(checkoutFile))}`,
  ];
}

/** A file name may have blanks in it. */
function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
