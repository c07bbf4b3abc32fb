/** What charts are drawn on, and what they share. */
export const SHEET_WIDTH = 760;

/** Below the title and the legend. */
export const SHEET_HEAD = 62;

export const INK = '#1b1f23';

/** An SVG that can be read on light and dark pages. */
export function drawSheet(options: {
  title: string;
  /** Colours by name, in the order of the legend. */
  series: Record<string, string>;
  height: number;
  drawn: string[];
}): string {
  const { title, series, height, drawn } = options;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SHEET_WIDTH} ${height}" width="${SHEET_WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${SHEET_WIDTH}" height="${height}" rx="6" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600" fill="${INK}">${escape(title)}</text>`,
    drawLegend(series),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function drawLegend(series: Record<string, string>): string {
  let left = 12;
  return Object.entries(series)
    .map(([name, colour]) => {
      const entry = `<rect x="${left}" y="36" width="12" height="12" fill="${colour}"/><text x="${left + 17}" y="46" fill="${INK}">${escape(name)}</text>`;
      left += 36 + name.length * 7;
      return entry;
    })
    .join('\n');
}

export function px(value: number): string {
  return value.toFixed(1);
}

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
