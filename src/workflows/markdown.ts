/** A text that somebody wrote, as inline code in Markdown: nothing in the text acts as Markdown. */
export function verbatim(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll(/\s+/g, ' ')}\``;
}

/** A text as it can stand in a cell of a table in Markdown. */
export function inCell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}
