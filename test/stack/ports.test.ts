import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { checkPorts } from '../../stack/ports.ts';

const servers: Server[] = [];

async function listen(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('the check of the ports', () => {
  it.each(['127.0.0.1', '0.0.0.0'])(
    'gives one sentence for a port that is taken on %s, with its holder and the way out',
    async (host) => {
      const port = await listen(host);

      await expect(checkPorts([{ port, purpose: 'Directus', variable: 'STACK_DIRECTUS_PORT' }])).rejects.toThrow(
        new RegExp(
          `^Port ${port} for Directus is taken by node\\S*( \\S+)? \\(process ${process.pid}\\): stop that program, or set STACK_DIRECTUS_PORT to another port\\.$`,
        ),
      );
    },
  );

  it('names all that are taken, and passes over those that are free', async () => {
    const [first, second, free] = [await listen('127.0.0.1'), await listen('127.0.0.1'), await listen('127.0.0.1')];
    servers.pop()?.close();

    const check = checkPorts([
      { port: first, purpose: 'Temporal', variable: 'STACK_TEMPORAL_PORT' },
      { port: free, purpose: 'Directus', variable: 'STACK_DIRECTUS_PORT' },
      { port: second, purpose: 'the gateway', variable: 'GATEWAY_PORT' },
    ]);

    const message = await check.catch((error: Error) => error.message);
    expect(String(message).split('\n')).toHaveLength(2);
    expect(message).toContain(`Port ${first} for Temporal`);
    expect(message).toContain(`Port ${second} for the gateway`);
  });

  it('accepts free ports', async () => {
    const port = await listen('127.0.0.1');
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(checkPorts([{ port, purpose: 'Temporal', variable: 'STACK_TEMPORAL_PORT' }])).resolves.toBeUndefined();
  });
});
