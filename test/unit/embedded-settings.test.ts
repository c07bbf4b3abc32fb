import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningServices } from '../../stack/data-folder.ts';
import { embeddedSettings } from '../../stack/embedded-settings.ts';
import type { ProgramBeside } from '../../stack/embedded-settings.ts';

const running: RunningServices = {
  variables: {
    TEMPORAL_ADDRESS: '127.0.0.1:27233',
    TEMPORAL_NAMESPACE: 'kitchen',
    TEMPORAL_UI_URL: 'http://127.0.0.1:28233',
    DIRECTUS_URL: 'http://127.0.0.1:28055',
    RIDENDINE_BASE_URL: 'http://127.0.0.1:24010',
  },
  given: [],
};

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'embedded-settings-'));
  mkdirSync(path.join(dataDir, 'secrets'));
  for (const name of ['encryption-keys', 'directus-service-token', 'directus-admin-token', 'ridendine-api-key']) {
    writeFileSync(path.join(dataDir, 'secrets', name), `kept ${name}\n`);
  }
});
afterAll(() => rmSync(dataDir, { recursive: true }));

function settingsOf(program: ProgramBeside, set: Record<string, string> = {}, services?: RunningServices) {
  return embeddedSettings({ program, set, dataDir, shownFolder: '.stack', services });
}

describe('what a program takes of a running embedded stack', () => {
  it.each([
    ['src/cli/deployment/main.ts', ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']],
    ['src/cli/temporal-apply/main.ts', ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']],
    ['src/cli/review/main.ts', ['ENCRYPTION_KEYS', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']],
    ['src/cli/ridendine/main.ts', ['ENCRYPTION_KEYS', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']],
    [
      'src/cli/directus-apply/main.ts',
      ['DIRECTUS_ADMIN_TOKEN', 'DIRECTUS_TOKEN', 'DIRECTUS_URL', 'TEMPORAL_NAMESPACE', 'TEMPORAL_UI_URL'],
    ],
  ] as const)('is what it needs, and no other credential: %s', (program, names) => {
    const { variables, notUsed } = settingsOf(program, {}, running);

    expect(Object.keys(variables).toSorted()).toEqual(names);
    expect(notUsed).toEqual([]);
  });

  it('is nothing of a service of which the environment has a setting', () => {
    const settings = settingsOf('src/cli/doctor/main.ts', { DIRECTUS_TOKEN: 'mine', ENCRYPTION_KEYS: 'off' }, running);

    expect(settings).toEqual({
      variables: { RIDENDINE_BASE_URL: 'http://127.0.0.1:24010', RIDENDINE_API_KEY: 'kept ridendine-api-key' },
      uses: ['RideNDine'],
      notUsed: [
        'The embedded stack on .stack is not used for Temporal: ENCRYPTION_KEYS is set.',
        'The embedded stack on .stack is not used for Directus: DIRECTUS_TOKEN is set.',
      ],
    });
  });

  it('is its address beside a credential that the stack was given, too', () => {
    const set = { RIDENDINE_API_KEY: 'mine', TEMPORAL_NAMESPACE: 'kitchen', ENCRYPTION_KEYS: 'off' };

    const { variables, notUsed } = settingsOf('src/cli/doctor/main.ts', set, { ...running, given: Object.keys(set) });

    expect(variables).toMatchObject({
      RIDENDINE_BASE_URL: 'http://127.0.0.1:24010',
      TEMPORAL_ADDRESS: '127.0.0.1:27233',
    });
    expect(Object.keys(variables).filter((name) => name in set)).toEqual([]);
    expect(notUsed).toEqual([]);
  });

  it('is no credential from a file where the stack was given another one', () => {
    const { variables, notUsed } = settingsOf('src/cli/review/main.ts', {}, { ...running, given: ['ENCRYPTION_KEYS'] });

    expect(variables).toEqual({ TEMPORAL_ADDRESS: '127.0.0.1:27233', TEMPORAL_NAMESPACE: 'kitchen' });
    expect(notUsed).toEqual(['"npm start" was given ENCRYPTION_KEYS, and keeps it nowhere: set it here, too.']);
  });

  it('is nothing of a service that is not its own', () => {
    const { DIRECTUS_URL: _, ...others } = running.variables;
    const services = { ...running, variables: others };

    const { variables, notUsed } = settingsOf('src/cli/directus-apply/main.ts', {}, services);

    const told = settingsOf('src/cli/directus-apply/main.ts', { DIRECTUS_URL: 'https://directus.example' }, services);

    expect(variables).toEqual({});
    expect(told).toEqual({ variables: {}, uses: [], notUsed: [] });
    expect(notUsed).toEqual(['"npm start" was given the address of a Directus: set it here, too.']);
  });
});

describe('a program beside no stack', () => {
  it('is told how to start one only if it is not told of other services', () => {
    const set = { TEMPORAL_ADDRESS: 'temporal.example:7233' };

    expect(settingsOf('src/cli/review/main.ts', set).notUsed).toEqual([]);
    expect(settingsOf('src/cli/review/main.ts').notUsed).toEqual([
      'No embedded stack runs on .stack: "npm start" starts it.',
    ]);
  });
});
