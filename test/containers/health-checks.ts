import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { Engine } from './engine.ts';
import { runEngine } from './engine.ts';

const INTERVAL_MS = 2000;
/** A healthy container is checked less often, because each check starts a program. */
const HEALTHY_INTERVAL_MS = 20_000;

/** Runs the health checks of all containers. On a machine with systemd, podman lets systemd do that. */
export function startHealthChecks(engine: Engine): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const healthySince = new Map<string, number>();
  const [program = '', ...first] = engine.engine;

  const check = async (id: string) => {
    const args = [...first, 'healthcheck', 'run', id];
    const { exitCode } = await execa(program, args, { env: engine.environment, stdio: 'ignore', reject: false });
    if (exitCode === 0) healthySince.set(id, performance.now());
    else healthySince.delete(id);
  };
  const isDue = (id: string) => performance.now() - (healthySince.get(id) ?? -Infinity) > HEALTHY_INTERVAL_MS;
  const run = async () => {
    const known = new Map<string, boolean>();
    while (!stopping.signal.aborted) {
      try {
        const running = (await runEngine(engine, 'ps', '--quiet', '--no-trunc')).split('\n').filter((id) => id !== '');
        for (const id of running) {
          if (!known.has(id)) known.set(id, await hasHealthCheck(engine, id));
          if (known.get(id) && isDue(id)) await check(id);
        }
      } catch {
        // A container was removed meanwhile, or the engine is ending, and these checks with it.
      }
      await delay(INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function hasHealthCheck(engine: Engine, id: string): Promise<boolean> {
  const test = await runEngine(engine, 'inspect', '--format', '{{json .Config.Healthcheck}}', id);
  return test !== 'null' && test !== '';
}
