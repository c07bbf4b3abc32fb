// npm run capacity: tells what is needed to carry a given rate of orders, see docs/operations.md.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measuredFile, readBenchResult } from '../bench/results.ts';
import { describeCapacity, usualDemand } from './capacity-plan.ts';

const USAGE = `npm run capacity -- --orders-per-second N [OPTION …]

Says how many processes, cores, slots and how much memory so many orders take, by what npm run bench has measured.
  --partner-ms N          how long RideNDine takes to answer; ${usualDemand.partnerMs}
  --partner-timeout-ms N  when a call to it is given up (RIDENDINE_TIMEOUT_MS); ${usualDemand.partnerTimeoutMs}
  --utilisation N         the share of the time that anything may be busy, above 0, up to 1; ${usualDemand.utilisation}
  --retention-days N      how long Temporal keeps closed runs; ${usualDemand.retentionDays}
  --costs FILE            a result of npm run bench, if not that of the documents
  --help                  this text
Exit code: 0 if it could be told, else 1.`;

try {
  const values = readOptions();
  process.stdout.write(values.help ? `${USAGE}\n` : `${describe(values)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      'orders-per-second': { type: 'string' },
      'partner-ms': { type: 'string', default: String(usualDemand.partnerMs) },
      'partner-timeout-ms': { type: 'string', default: String(usualDemand.partnerTimeoutMs) },
      utilisation: { type: 'string', default: String(usualDemand.utilisation) },
      'retention-days': { type: 'string', default: String(usualDemand.retentionDays) },
      costs: { type: 'string', default: measuredFile },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

function describe(values: ReturnType<typeof readOptions>): string {
  if (values['orders-per-second'] === undefined) throw new Error('How many orders? Say --orders-per-second N.');
  const demand = {
    ordersPerSecond: positive('orders-per-second', values['orders-per-second']),
    partnerMs: positive('partner-ms', values['partner-ms']),
    partnerTimeoutMs: positive('partner-timeout-ms', values['partner-timeout-ms']),
    utilisation: positive('utilisation', values.utilisation),
    retentionDays: positive('retention-days', values['retention-days']),
  };
  if (demand.utilisation > 1) throw new Error('--utilisation is a share: a number above 0, up to 1.');
  if (demand.partnerMs > demand.partnerTimeoutMs)
    throw new Error(
      `RideNDine cannot take ${demand.partnerMs} ms to answer if a call is given up after ${demand.partnerTimeoutMs}: see --partner-ms and --partner-timeout-ms.`,
    );
  return describeCapacity(readBenchResult(readFileSync(values.costs, 'utf8')), demand);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new Error(`--${name} must be a number above 0.`);
  return value;
}
