import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { currentVersion, historyFile } from '../replay/recorded-histories.ts';

const page = readFileSync(new URL('../../docs/encryption.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');

/** How many encrypted payloads the history of a recorded run holds. */
function payloadsOf(scenario: string): number {
  const mark = Buffer.from('binary/encrypted').toString('base64');
  return readFileSync(historyFile(currentVersion(), scenario), 'utf8').split(mark).length - 1;
}

it('docs/encryption.md tells how many payloads an order makes', () => {
  expect(page).toContain(
    `A good order makes ${payloadsOf('good-path')} payloads, an order in review ${payloadsOf('review-link')}:`,
  );
});
