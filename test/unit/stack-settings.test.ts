import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readStackSettings } from '../../stack/settings.ts';

const messageOf = (environment: Record<string, string>) => {
  try {
    readStackSettings(environment);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

describe('the settings of npm start', () => {
  it('start everything on the usual ports if nothing is set', () => {
    const settings = readStackSettings({ PATH: '/bin', DIRECTUS_URL: '' });

    expect(settings.ports).toEqual({
      temporal: 7233,
      temporalUi: 8233,
      directus: 8055,
      ridendine: 4010,
      codecServer: 8888,
      gateway: 3000,
    });
    expect(settings.dataDir).toBe(path.resolve('.stack'));
    expect(settings.given).toEqual({ temporal: undefined, directus: undefined, ridendineBaseUrl: undefined });
  });

  it('use a service whose address is set', () => {
    const { given } = readStackSettings({
      TEMPORAL_ADDRESS: 'temporal.example.com:7233',
      TEMPORAL_NAMESPACE: 'orders',
      DIRECTUS_URL: 'https://directus.example.com',
      DIRECTUS_TOKEN: 'directus-token',
      RIDENDINE_BASE_URL: 'https://ridendine.example.com',
      RIDENDINE_API_KEY: 'partner-key',
    });

    expect(given.temporal).toMatchObject({ address: 'temporal.example.com:7233', namespace: 'orders' });
    expect(given.directus).toEqual({ url: 'https://directus.example.com', token: 'directus-token' });
    expect(given.ridendineBaseUrl).toBe('https://ridendine.example.com');
  });

  it('name every problem at once, those of worker and gateway among them', () => {
    const message = messageOf({
      STACK_DIRECTUS_PORT: 'eighty',
      DIRECTUS_URL: 'https://directus.example.com',
      RIDENDINE_BASE_URL: 'ridendine',
      RIDENDINE_TIMEOUT_MS: 'soon',
      GATEWAY_API_KEYS: ',',
    });

    for (const name of [
      'STACK_DIRECTUS_PORT',
      'DIRECTUS_TOKEN',
      'RIDENDINE_BASE_URL',
      'RIDENDINE_TIMEOUT_MS',
      'GATEWAY_API_KEYS',
    ]) {
      expect(message).toContain(`  ${name}`);
    }
  });

  it('show no value: it may be a secret', () => {
    expect(messageOf({ STACK_DIRECTUS_PORT: 'hush', RIDENDINE_BASE_URL: 'https//key@host' })).not.toMatch(
      /hush|key@host/,
    );
  });

  it('refuse two services on one port', () => {
    expect(messageOf({ CODEC_SERVER_PORT: '8233' })).toContain(
      'CODEC_SERVER_PORT: is the same port as STACK_TEMPORAL_UI_PORT',
    );
    expect(messageOf({ STACK_RIDENDINE_PORT: '3000' })).toContain(
      'GATEWAY_PORT: is the same port as STACK_RIDENDINE_PORT',
    );
  });
});
