import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('the Node.js that is needed', () => {
  const readme = read('README.md').replaceAll(/\s+/g, ' ');

  it('to start anything here is the same in README.md and in the installer', () => {
    const [, oldest] = /OLDEST_NODE = (\d+)/.exec(read('stack/install.mjs')) ?? [];

    expect(readme.match(/You need Node[^.]*(?:\.js [^.]*)?\./)?.[0]).toBe(
      `You need Node.js ${oldest} or newer with npm.`,
    );
  });

  it('to run the programs is brought along, as README.md says', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } };

    expect(/Node\.js (\d+), on which all programs here run/.exec(readme)?.[1]).toBe(devDependencies.node.split('.')[0]);
  });
});
