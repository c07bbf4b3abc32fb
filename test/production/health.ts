import { connect } from 'node:net';
import { execa } from 'execa';
import { serviceOf } from './commands.ts';
import type { Site } from './commands.ts';

/** The machine does other work meanwhile, so everything may take this many times as long as the compose file allows. */
const PATIENCE = 4;

/** How long a service may take to become healthy after its start: {@link PATIENCE} times as long as with compose. */
export function healthLimitMs({ project }: Pick<Site, 'project'>, name: string): number {
  const { healthcheck: check } = serviceOf(project, name);
  return check === undefined ? 0 : PATIENCE * (check.start_period + check.interval * check.retries);
}

/**
 * @returns a function that runs the health check of the compose file. A service without a health check is healthy as
 *   soon as it runs.
 * @throws Error if the health check is of a kind that is not known here.
 */
export function healthCheckOf({ project, places }: Site, name: string): () => Promise<boolean> {
  const { test, timeout = 0 } = serviceOf(project, name).healthcheck ?? {};
  const [kind, program, ...args] = test ?? ['NONE'];
  const timeoutMs = PATIENCE * timeout;
  if (kind === 'NONE') return async () => true;
  if (kind === 'CMD' && program === 'nc') {
    const port = places.port(name, Number(args.at(-1)));
    return () => isListening(port);
  }
  if (kind === 'CMD' && program === 'wget') {
    const url = new URL(args.at(-1) ?? '');
    url.port = String(places.port(name, Number(url.port)));
    return async () => (await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })).ok;
  }
  const script = args.join(' ');
  const [inside, containerPort] = /127\.0\.0\.1:(\d+)/.exec(script) ?? [];
  if (kind !== 'CMD' || program !== 'node' || inside === undefined) {
    throw new Error(`Nothing here knows the health check of ${name} in docker-compose.yml: ${kind} ${program}.`);
  }
  const port = places.port(name, Number(containerPort));
  const here = args.map((arg) => arg.replace(inside, `127.0.0.1:${port}`));
  return async () => {
    // A process for each check would cost more than the start of the service, so this looks at the port first.
    if (!(await isListening(port))) return false;
    const { exitCode } = await execa(process.execPath, here, { reject: false, timeout: timeoutMs });
    return exitCode === 0;
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
