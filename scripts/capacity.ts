// npm run capacity -- --orders-per-second N [--partner-ms 500] [--partner-timeout-ms 15000] [--utilisation 0.6]
//   [--retention-days 30] [--costs FILE]: what it takes to carry so many orders, see docs/operations.md.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeCapacity, usualDemand } from '../bench/capacity-report.ts';
import { costsOf } from '../bench/capacity.ts';
import { measuredFile, readBenchResult } from '../bench/measured.ts';

try {
  const { values } = parseArgs({
    options: {
      'orders-per-second': { type: 'string' },
      'partner-ms': { type: 'string', default: String(usualDemand.partnerMs) },
      'partner-timeout-ms': { type: 'string', default: String(usualDemand.partnerTimeoutMs) },
      utilisation: { type: 'string', default: String(usualDemand.utilisation) },
      'retention-days': { type: 'string', default: String(usualDemand.retentionDays) },
      costs: { type: 'string', default: measuredFile },
    },
  });
  if (values['orders-per-second'] === undefined) throw new Error('How many orders? Say --orders-per-second N.');
  const demand = {
    ordersPerSecond: positive('orders-per-second', values['orders-per-second']),
    partnerMs: positive('partner-ms', values['partner-ms']),
    partnerTimeoutMs: positive('partner-timeout-ms', values['partner-timeout-ms']),
    utilisation: positive('utilisation', values.utilisation),
    retentionDays: positive('retention-days', values['retention-days']),
  };
  if (demand.utilisation > 1) throw new Error('--utilisation is a share: a number above 0, up to 1.');
  const costs = costsOf(readBenchResult(readFileSync(values.costs, 'utf8')));
  process.stdout.write(`${describeCapacity(costs, demand)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new Error(`--${name} must be a number above 0.`);
  return value;
}
