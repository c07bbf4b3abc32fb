import { chmodSync, renameSync, writeFileSync } from 'node:fs';

/** Writes a file whole or not at all. From the first byte on, only the owner can read it. */
export function writeOwnerFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
