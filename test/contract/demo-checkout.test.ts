import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { execa } from 'execa';

const program = fileURLToPath(new URL('../../sandbox/shop/main.ts', import.meta.url));

it('demo-checkout puts nothing into an installation whose orders go to RideNDine itself', async () => {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [program], {
    env: {
      DIRECTUS_URL: 'http://127.0.0.1:9',
      DIRECTUS_ADMIN_TOKEN: 'a'.repeat(32),
      RIDENDINE_BASE_URL: 'https://api.ridendine.example',
      SANDBOX_URL: 'http://ridendine-sandbox:4010',
    },
    extendEnv: false,
    reject: false,
  });

  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toBe(
    "There is no demo checkout: orders go to https://api.ridendine.example, not to RideNDine's stand-in, http://ridendine-sandbox:4010.",
  );
});
