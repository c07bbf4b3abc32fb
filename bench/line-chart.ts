import { INK, SHEET_HEAD, SHEET_WIDTH, drawSheet, escape, px } from './chart-sheet.ts';

export interface LineChart {
  title: string;
  /** A linear axis begins at zero, a logarithmic one at the smallest value. */
  x: { label: string; scale: 'linear' | 'log' };
  /** Begins at zero: else a flat line could look steep. */
  y: { label: string };
  series: {
    name: string;
    colour: string;
    /** In the order in which they are joined. */
    points: { x: number; y: number }[];
  }[];
}

/** Where a value lies on its axis, from 0 to 1, and which values are written beside it. */
export interface Axis {
  positionOf: (value: number) => number;
  ticks: number[];
}

const LEFT = 64;
const RIGHT = 44;
const TOP = SHEET_HEAD + 22;
const PLOT_HEIGHT = 220;
const PLOT_WIDTH = SHEET_WIDTH - LEFT - RIGHT;
const BOTTOM = TOP + PLOT_HEIGHT;
const HEIGHT = BOTTOM + 48;
const GRID = '#dfe3e8';
/** As many steps as can be read at a glance. */
const TICK_STEPS = 5;
/** With more points than these, a dot on each would hide the line. */
const MOST_DOTS = 12;

/** Curves, as an SVG that can be read on light and dark pages. @throws RangeError without points. */
export function drawLineChart({ title, x, y, series }: LineChart): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) throw new RangeError('No points, no chart.');
  const across =
    x.scale === 'log' ? logAxis(points.map((point) => point.x)) : linearAxis(points.map((point) => point.x));
  const up = linearAxis(points.map((point) => point.y));
  const left = (value: number) => px(LEFT + across.positionOf(value) * PLOT_WIDTH);
  const top = (value: number) => px(BOTTOM - up.positionOf(value) * PLOT_HEIGHT);
  return drawSheet({
    title,
    series: Object.fromEntries(series.map(({ name, colour }) => [name, colour])),
    height: HEIGHT,
    drawn: [
      `<text x="12" y="${SHEET_HEAD + 8}" fill="${INK}">${escape(y.label)}</text>`,
      ...up.ticks.map(
        (tick) =>
          `<path d="M${LEFT} ${top(tick)}h${PLOT_WIDTH}" stroke="${tick === 0 ? INK : GRID}"/><text x="${LEFT - 8}" y="${top(tick)}" dy="4" text-anchor="end" fill="${INK}">${written(tick)}</text>`,
      ),
      ...across.ticks.map(
        (tick) =>
          `<path d="M${left(tick)} ${BOTTOM}v5" stroke="${INK}"/><text x="${left(tick)}" y="${BOTTOM + 20}" text-anchor="middle" fill="${INK}">${written(tick)}</text>`,
      ),
      `<text x="${px(LEFT + PLOT_WIDTH / 2)}" y="${BOTTOM + 40}" text-anchor="middle" fill="${INK}">${escape(x.label)}</text>`,
      ...series.flatMap((one) => [
        `<polyline points="${one.points.map((point) => `${left(point.x)},${top(point.y)}`).join(' ')}" fill="none" stroke="${one.colour}" stroke-width="2"/>`,
        ...(one.points.length > MOST_DOTS
          ? []
          : one.points.map(
              (point) => `<circle cx="${left(point.x)}" cy="${top(point.y)}" r="3.5" fill="${one.colour}"/>`,
            )),
      ]),
    ],
  });
}

/** From zero to the first round value that none exceeds. */
export function linearAxis(values: readonly number[]): Axis {
  const highest = Math.max(...values);
  const step = highest > 0 ? roundStep(highest / TICK_STEPS) : 1;
  const steps = Math.max(1, Math.ceil(highest / step - 1e-9));
  return {
    positionOf: (value) => value / (steps * step),
    // A sum of steps would gather errors: 0.30000000000000004.
    ticks: Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12))),
  };
}

/** From the smallest value to the largest, each power of ten as far from the next; they are what is written. */
export function logAxis(values: readonly number[]): Axis {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  if (lowest <= 0) throw new RangeError('A logarithmic axis has no place for zero and below.');
  const decades = Math.log10(highest / lowest);
  const powers = Array.from(
    { length: Math.floor(Math.log10(highest) + 1e-9) - Math.ceil(Math.log10(lowest) - 1e-9) + 1 },
    (_, index) => 10 ** (Math.ceil(Math.log10(lowest) - 1e-9) + index),
  );
  return {
    // A single value lies in the middle.
    positionOf: (value) => (decades === 0 ? 0.5 : Math.log10(value / lowest) / decades),
    ticks: powers.length >= 2 ? powers : [...new Set([lowest, highest])],
  };
}

/** The smallest of 1, 2 and 5 and what is ten times one of them that is at least so much. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return power * ([1, 2, 5].find((factor) => factor * power >= atLeast * (1 - 1e-9)) ?? 10);
}

function written(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: 6 });
}
