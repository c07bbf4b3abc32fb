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

const WIDTH = 760;
const LABELS = 230;
/** For the text behind the longest bar. */
const TEXTS = 150;
const BAR = 16;
const PITCH = 21;
const GROUP_GAP = 10;
const HEAD = 62;

/** Bars from left to right, as an SVG that can be read on light and dark pages. */
export function drawBarChart({ title, series, groups }: BarChart): string {
  const longest = Math.max(...groups.flat().map((bar) => Math.max(lengthOf(bar), bar.whisker?.to ?? 0)));
  const scale = (value: number) => (value / longest) * (WIDTH - LABELS - TEXTS);
  let top = HEAD;
  const drawn = groups.map((bars) => {
    const lines = bars.map((bar) => {
      const line = drawBar(bar, top, { series, scale });
      top += PITCH;
      return line;
    });
    top += GROUP_GAP;
    return lines.join('\n');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${top}" rx="6" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600" fill="#1b1f23">${escape(title)}</text>`,
    drawLegend(series),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
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
    `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end" fill="#1b1f23">${escape(label)}</text>`,
    ...rectangles,
    ...(whisker === undefined
      ? []
      : [`<path d="M${px(LABELS + scale(whisker.from))} ${middle}H${px(end)}m0 -4v8" stroke="#1b1f23" fill="none"/>`]),
    `<text x="${px(end + 6)}" y="${middle + 4}" fill="#1b1f23">${escape(text)}</text>`,
  ].join('\n');
}

function drawLegend(series: Record<string, string>): string {
  let left = 12;
  return Object.entries(series)
    .map(([name, colour]) => {
      const entry = `<rect x="${left}" y="36" width="12" height="12" fill="${colour}"/><text x="${left + 17}" y="46" fill="#1b1f23">${escape(name)}</text>`;
      left += 36 + name.length * 7;
      return entry;
    })
    .join('\n');
}

function lengthOf({ parts }: Bar): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

function px(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
