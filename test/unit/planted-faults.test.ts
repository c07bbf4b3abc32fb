import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { plantedFaults } from '../search/planted-faults.ts';

it.each(plantedFaults)('the fault "$name" can be planted: its text is there once', async ({ edits }) => {
  for (const { file, find } of edits) {
    const source = await readFile(new URL(`../../src/${file}`, import.meta.url), 'utf8');

    expect(source.split(find)).toHaveLength(2);
  }
});
