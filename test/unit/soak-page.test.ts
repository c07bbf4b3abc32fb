import { describe, expect, it } from '@jest/globals';
import type { SoakResult } from '../../bench/result.ts';
import { describeSoak, drawSoakChart } from '../../bench/soak-page.ts';

type Process = SoakResult['processes'][string];

const process = (changes: Partial<Process> = {}): Process => ({
  memoryBytes: [300e6, 320e6, 310e6],
  trend: { slope: 800, interval: { from: -8_000, to: 9_600 }, samples: 500, effectiveSamples: 30 },
  collectedTrend: { slope: 800, interval: { from: -8_000, to: 9_600 }, samples: 30, effectiveSamples: 25 },
  open: {
    before: { files: 30, sockets: 10, threads: 11 },
    after: { files: 30, sockets: 10, threads: 11 },
  },
  live: {
    before: { heapBytes: 60e6, memoryBytes: 200e6 },
    after: { heapBytes: 60.4e6, memoryBytes: 204e6 },
  },
  ...changes,
});

const soak = (processes: Record<string, Process>): SoakResult => ({
  orders: 10_000,
  partnerMs: 300,
  ordersPerSecond: 8,
  latencyMs: { p50: 500, p95: 700, p99: 900 },
  mostUnderWay: 9,
  warmUpShare: 0.3,
  seconds: [0, 60, 120],
  processes: { worker: process(), gateway: process(), ...processes },
});

describe('what is said of a soak', () => {
  it('goes by what is left after garbage collections, and not by what garbage hides', () => {
    const collectedTrend = { slope: 8_000, interval: { from: 1_600, to: 14_400 }, samples: 30, effectiveSamples: 25 };
    const text = describeSoak(
      soak({ worker: process({ collectedTrend }), gateway: process({ collectedTrend: null }) }),
    );

    expect(text).toContain('The worker has memory WITH A TREND: **+1.00 (+0.20 to +1.80) kB an order**');
    expect(text).toContain('| +1.00 (+0.20 to +1.80) | 30: 25 |');
    expect(text).toContain('The gateway was measured for too short a time to tell');
  });

  it('is that memory is flat if a slope of zero would explain it', () => {
    const text = describeSoak(soak({}));

    expect(text).toContain(
      'The worker has memory without a trend: **+0.10 (−1.00 to +1.20) kB an order**; after a garbage collection it holds 200 → 204 MB; it holds no',
    );
    // Times 3600 s.
    expect(text).toContain('| +3 (−29 to +35) |');
    expect(text).toContain('The gateway has memory without a trend');
    expect(text).not.toMatch(/WITH A TREND|MORE/);
  });

  it('is that nobody can tell if there was no interval', () => {
    const collectedTrend = { slope: 8_000, interval: null, samples: 20, effectiveSamples: 2 };

    expect(describeSoak(soak({ gateway: process({ collectedTrend }) }))).toContain(
      'The gateway was measured for too short a time to tell',
    );
  });

  it('is what stays open and what an order leaves on the heap', () => {
    const open = { before: { files: 30, sockets: 10, threads: 11 }, after: { files: 37, sockets: 15, threads: 11 } };
    const text = describeSoak(soak({ worker: process({ open }), temporal: process({ live: null }) }));

    expect(text).toContain('it holds 7 FILE DESCRIPTORS and 5 SOCKETS MORE than before');
    expect(text).toContain('| worker | 60.0 → 60.4 | +40 bytes | 200 → 204 | 30 → 37 | 10 → 15 | 11 → 11 |');
    expect(text).toContain('| temporal | – | – | – | 30 → 30 | 10 → 10 | 11 → 11 |');
  });

  it('is drawn with a line for each process', () => {
    const chart = drawSoakChart(soak({}));

    expect(chart.match(/<polyline/g)).toHaveLength(2);
  });
});
