import { readFileSync, readdirSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { codecServerVariables, readCodecServerSettings } from '../../src/config/codec-server-settings.ts';
import { gatewayVariables, readGatewaySettings } from '../../src/config/gateway-settings.ts';
import { readWorkerSettings, workerVariables } from '../../src/config/worker-settings.ts';
import { portVariables, readStackSettings } from '../../stack/settings.ts';

const root = new URL('../../', import.meta.url);
const example = readFileSync(new URL('.env.example', root), 'utf8');

/** All variables of the file, including those in lines that are commented out. */
const variables = parseEnv(example.replaceAll(/^#(?=[A-Z])/gm, ''));

/** The names of the settings that a source file contains as keys. */
function namesIn(source: string): string[] {
  const prefixes =
    'TEMPORAL|DIRECTUS|RIDENDINE|QUOTE|REVIEW|BULK|ENCRYPTION|OTEL|CODEC_SERVER|GATEWAY|WORKER|LOG|STACK';
  return [...source.matchAll(new RegExp(`^\\s*\\[?'?((?:${prefixes})_[A-Z_]+)'?\\]?: `, 'gm'))].map(
    ([, name = '']) => name,
  );
}

function sourcesUnder(folder: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(`${folder}${file}`, root), 'utf8'));
}

describe('.env.example', () => {
  it('shows every setting', () => {
    const settings = [
      ...Object.keys(workerVariables.shape),
      ...Object.keys(gatewayVariables.shape),
      ...Object.keys(codecServerVariables.shape),
      ...Object.values(portVariables),
      ...namesIn(readFileSync(new URL('stack/settings.ts', root), 'utf8')),
      ...namesIn(readFileSync(new URL('src/cli/directus-apply/main.ts', root), 'utf8')),
    ];

    expect(Object.keys(variables)).toEqual(expect.arrayContaining([...new Set(settings)]));
  });

  it('shows nothing that no program reads', () => {
    const sources = ['src/', 'stack/', 'test/support/'].flatMap(sourcesUnder).join('\n');

    const unknown = Object.keys(variables).filter((name) => !sources.includes(name));

    expect(unknown).toEqual([]);
  });

  it('shows each setting once', () => {
    const names = [...example.matchAll(/^#?([A-Z][A-Z_]*)=/gm)].map(([, name]) => name);

    expect(names).toEqual([...new Set(names)]);
  });

  it('changes nothing as it is: every line is a comment', () => {
    expect(parseEnv(example)).toEqual({});
  });

  it('shows the defaults that are used', () => {
    const ENCRYPTION_KEYS = 'off';
    const worker = {
      ENCRYPTION_KEYS,
      DIRECTUS_URL: 'http://127.0.0.1:8055',
      DIRECTUS_TOKEN: 'directus-token',
      RIDENDINE_BASE_URL: 'http://127.0.0.1:4010',
      RIDENDINE_API_KEY: 'partner-key',
    };
    const gateway = { ENCRYPTION_KEYS, GATEWAY_API_KEYS: 'gateway-key-0123456789' };
    const codecServer = {
      ENCRYPTION_KEYS,
      CODEC_SERVER_UI_ORIGINS: 'http://localhost:8233',
      CODEC_SERVER_PATH_SEGMENT: 'x'.repeat(32),
    };
    // TEMPORAL_ADDRESS is left out: if it is set, the stack uses that Temporal instead of starting one.
    const { TEMPORAL_ADDRESS: _address, ...forTheStack } = variables;

    const { environment: _shown, ...stack } = readStackSettings(forTheStack);
    const { environment: _default, ...defaultStack } = readStackSettings({});

    expect(readWorkerSettings({ ...variables, ...worker })).toEqual(readWorkerSettings(worker));
    expect(readGatewaySettings({ ...variables, ...gateway })).toEqual(readGatewaySettings(gateway));
    expect(readCodecServerSettings({ ...variables, ...codecServer })).toEqual(readCodecServerSettings(codecServer));
    expect(stack).toEqual(defaultStack);
  });

  it('shows a default wherever there is one', () => {
    const withDefault = Object.entries({
      ...workerVariables.shape,
      ...gatewayVariables.shape,
      ...codecServerVariables.shape,
    })
      .filter(([, schema]) => schema.safeParse(undefined).data !== undefined)
      .map(([name]) => name);

    expect(withDefault.filter((name) => !variables[name])).toEqual([]);
  });
});
