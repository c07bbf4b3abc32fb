import { sum } from 'simple-statistics';
import { whileRunning } from '../lifetime.ts';
import type { Measurement } from '../lifetime.ts';
import { measureInTurns, Meter, warmUp } from '../load.ts';
import type { LoadPlan, Variant } from '../load.ts';
import type { Measured } from '../results.ts';
import type { TemporalServer } from '../temporal-servers.ts';
import { newKeys, openWaitingSite, WAITS_MS } from '../waiting-site.ts';

/** The real workflow on each server, its steps replaced by waits. */
export async function measureOrchestration({
  plan,
  startServers,
  progress,
  signal,
}: Measurement<LoadPlan> & { startServers: (() => Promise<TemporalServer>)[] }): Promise<Measured<'orchestration'>> {
  return await whileRunning(signal, async (start) => {
    const variants: (Variant<string> & { server: TemporalServer; bytesBefore: number })[] = [];
    for (const startServer of startServers) {
      await progress.step('Temporal server', async () => {
        const server = await start(startServer);
        const { place, pids } = await start(() => openWaitingSite(server));
        await warmUp(newKeys(plan.warmUpOrders), place);
        const meter = await Meter.open(pids, plan.atRestMs);
        const bytesBefore = (await server.databaseBytes?.()) ?? 0;
        variants.push({ name: server.name, meter, newOrders: newKeys, place, server, bytesBefore });
        return server.name;
      });
    }
    const samples = await measureInTurns({ plan, variants, progress });

    let temporalBytes: number | null = null;
    for (const { name, server, bytesBefore } of variants) {
      if (!server.databaseBytes) continue;
      const orders = sum(samples.filter(({ variant }) => variant === name).map((sample) => sample.orders));
      temporalBytes = ((await server.databaseBytes()) - bytesBefore) / orders;
    }
    const atRest = Object.fromEntries(variants.map(({ name, meter }) => [name, meter.atRest]));
    return { waitsMs: WAITS_MS, samples, atRest, temporalBytes };
  });
}
