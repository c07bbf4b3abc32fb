import { drawLineChart } from './line-chart.ts';
import { table } from './page-parts.ts';
import { processColours } from './process-colours.ts';
import type { SoakResult } from './result.ts';
import { judgedProcesses } from './soak-processes.ts';
import { isFlat } from './trend.ts';

type Process = SoakResult['processes'][string];

export const soakChart = 'memory-over-time.svg';

/** What docs/performance.md says of many orders at a steady rate, in Markdown. */
export function describeSoak(soak: SoakResult): string {
  const { orders, ordersPerSecond, partnerMs, latencyMs, mostUnderWay, warmUpShare, processes } = soak;
  const { p50, p95, p99 } = latencyMs;
  const named = Object.entries(processes);
  return [
    judgedProcesses.map((name) => headline(name, processes[name], ordersPerSecond)).join(' '),
    `![Memory over time](pictures/performance/${soakChart})`,
    [
      `${orders} orders, ${ordersPerSecond.toFixed(1)} a second, each sent at its time whether or not those before it were answered;`,
      `RideNDine takes ${partnerMs} ms. At most ${mostUnderWay} were under way. From the time at which an order was due to its payment session:`,
      `p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)}, p99 ${p99.toFixed(0)} ms.`,
      `The lines are fitted to what comes after the first ${Math.round(100 * warmUpShare)} % of the time, ${(((1 - warmUpShare) * orders) / ordersPerSecond / 60).toFixed(0)} minutes; in parentheses the interval of 95 % confidence: slower growth than its ends can't be told from none.`,
      'The garbage collections of worker and gateway while orders run hold some of them up. Temporal and PostgreSQL keep the orders, and caches of them: their memory has to grow.',
    ].join(' '),
    table(
      [
        'process',
        'memory at first',
        'at last',
        'kB an order',
        'MB an hour',
        'samples: as many as',
        'kB an order, right after garbage collections',
        'of those samples: as many as',
      ],
      named.map(([name, { memoryBytes, trend, collectedTrend }]) => [
        name,
        megabytes(memoryBytes[0]),
        megabytes(memoryBytes.at(-1)),
        sloped(trend, 1e-3 / ordersPerSecond, 1),
        sloped(trend, 3600e-6, 0),
        samplesOf(trend),
        collectedTrend ? sloped(collectedTrend, 1e-3 / ordersPerSecond, 2) : '–',
        collectedTrend ? samplesOf(collectedTrend) : '–',
      ]),
    ),
    'After a garbage collection, and what is open then, before the orders and after them, when nothing is under way:',
    table(
      ['process', 'heap, MB', 'kept of an order', 'memory, MB', 'file descriptors', 'of them sockets', 'threads'],
      named.map(([name, { live, open }]) => [
        name,
        change(live, ({ heapBytes }) => (heapBytes / 1e6).toFixed(1)),
        live ? `${signed((live.after.heapBytes - live.before.heapBytes) / orders, 0)} bytes` : '–',
        change(live, inMegabytes),
        change(open, ({ files }) => String(files)),
        change(open, ({ sockets }) => String(sockets)),
        change(open, ({ threads }) => String(threads)),
      ]),
    ),
  ].join('\n\n');
}

export function drawSoakChart({ orders, ordersPerSecond, seconds, processes }: SoakResult): string {
  return drawLineChart({
    title: `Memory of each process, ${orders} orders at ${ordersPerSecond.toFixed(1)} a second`,
    x: { label: 'minutes since the first order', scale: 'linear' },
    y: { label: 'MB' },
    series: Object.entries(processes).map(([name, { memoryBytes }]) => ({
      name,
      colour: processColours[name] ?? '#1b1f23',
      points: memoryBytes.map((bytes, index) => ({ x: (seconds[index] ?? 0) / 60, y: bytes / 1e6 })),
    })),
  });
}

/** By which it is told whether memory grows: what lies about as garbage tells nothing of what stays. */
export function judgedTrend({ trend, collectedTrend }: Process): Process['trend'] {
  return collectedTrend ?? { ...trend, interval: null };
}

function headline(name: string, process: Process | undefined, ordersPerSecond: number): string {
  if (process === undefined) return `The ${name} was not measured.`;
  const { open } = process;
  const trend = judgedTrend(process);
  const flat = isFlat(trend);
  const memory =
    flat === undefined
      ? 'was measured for too short a time to tell whether its memory grows'
      : `${flat ? 'has memory without a trend' : 'has memory WITH A TREND'}: **${sloped(trend, 1e-3 / ordersPerSecond, 2)} kB an order**`;
  const [files, sockets] = [open.after.files - open.before.files, open.after.sockets - open.before.sockets];
  const handles =
    files <= 0 && sockets <= 0
      ? 'holds no file descriptor or socket more than before'
      : `holds ${Math.max(0, files)} FILE DESCRIPTORS and ${Math.max(0, sockets)} SOCKETS MORE than before`;
  const live = process.live && `after a garbage collection it holds ${change(process.live, inMegabytes)} MB; `;
  return `The ${name} ${memory}; ${live ?? ''}it ${handles}.`;
}

function samplesOf({ samples, effectiveSamples }: Process['trend']): string {
  return `${samples}: ${effectiveSamples.toFixed(0)}`;
}

function sloped({ slope, interval }: Process['trend'], unit: number, digits: number): string {
  const written = (value: number) => signed(value * unit, digits);
  if (interval === null) return `${written(slope)} (too few samples)`;
  return `${written(slope)} (${written(interval.from)} to ${written(interval.to)})`;
}

function change<Value>(seen: { before: Value; after: Value } | null, written: (value: Value) => string): string {
  return seen ? `${written(seen.before)} → ${written(seen.after)}` : '–';
}

/** Nothing is neither more nor less. */
function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return value < 0 ? `−${text}` : `+${text}`;
}

function inMegabytes({ memoryBytes }: { memoryBytes: number }): string {
  return (memoryBytes / 1e6).toFixed(0);
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '–' : `${Math.round(bytes / 1e6)} MB`;
}
