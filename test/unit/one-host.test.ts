import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));
const documents = [
  'README.md',
  'sandbox/ridendine/README.md',
  'docker-compose.yml',
  'compose.dev.env',
  '.env.example',
  ...readdirSync(new URL('../../docs', import.meta.url))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Browsers keep sessions by host: a person who has logged in at `127.0.0.1` must log in again at `localhost`. */
describe('the address of a service on this machine', () => {
  it.each(documents)('is 127.0.0.1 wherever a person is told one: %s', (document) => {
    const lines = readFileSync(`${root}${document}`, 'utf8').split('\n');

    expect(lines.filter((line) => /localhost[:/]/.test(line))).toEqual([]);
  });
});
