import { chmodSync, renameSync, writeFileSync } from 'node:fs';

/** Writes a file whole or not at all, for its owner's eyes alone from the first byte on. */
export function writeOwnerFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
