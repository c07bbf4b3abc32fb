/** What somebody has written, in Markdown: shown as it is, and nothing in it is Markdown. */
export function verbatim(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll(/\s+/g, ' ')}\``;
}
