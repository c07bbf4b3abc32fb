import { INK, SHEET_HEAD, SHEET_WIDTH, drawSheet, escape, px } from './chart-sheet.ts';

/** One bar, or several parts of one, end to end. */
export interface Bar {
  label: string;
  /** What is not named in `series` has no colour. */
  parts: { series: string; value: number }[];
  /** Where the value lies apart from round to round, or its upper end. */
  whisker?: { from: number; to: number };
  /** Behind the bar, for those who read. */
  text: string;
}

export interface BarChart {
  title: string;
  /** By name, in the order of the legend. */
  series: Record<string, string>;
  /** A gap lies between groups. */
  groups: Bar[][];
}

const LABELS = 230;
/** For the text behind the longest bar. */
const TEXTS = 150;
const BAR = 16;
const PITCH = 21;
const GROUP_GAP = 10;

/** Bars from left to right, as an SVG that can be read on light and dark pages. */
export function drawBarChart({ title, series, groups }: BarChart): string {
  const longest = Math.max(...groups.flat().map((bar) => Math.max(lengthOf(bar), bar.whisker?.to ?? 0)));
  const scale = (value: number) => (value / longest) * (SHEET_WIDTH - LABELS - TEXTS);
  let top = SHEET_HEAD;
  const drawn = groups.map((bars) => {
    const lines = bars.map((bar) => {
      const line = drawBar(bar, top, { series, scale });
      top += PITCH;
      return line;
    });
    top += GROUP_GAP;
    return lines.join('\n');
  });
  return drawSheet({ title, series, height: top, drawn });
}

function drawBar(
  { label, parts, whisker, text }: Bar,
  top: number,
  { series, scale }: { series: Record<string, string>; scale: (value: number) => number },
): string {
  const middle = top + BAR / 2;
  let left = LABELS;
  const rectangles = parts.map(({ series: name, value }) => {
    const rectangle = `<rect x="${px(left)}" y="${top}" width="${px(scale(value))}" height="${BAR}" fill="${series[name] ?? 'none'}"/>`;
    left += scale(value);
    return rectangle;
  });
  const end = whisker === undefined ? left : Math.max(left, LABELS + scale(whisker.to));
  return [
    `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end" fill="${INK}">${escape(label)}</text>`,
    ...rectangles,
    ...(whisker === undefined
      ? []
      : [`<path d="M${px(LABELS + scale(whisker.from))} ${middle}H${px(end)}m0 -4v8" stroke="${INK}" fill="none"/>`]),
    `<text x="${px(end + 6)}" y="${middle + 4}" fill="${INK}">${escape(text)}</text>`,
  ].join('\n');
}

function lengthOf({ parts }: Bar): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}
