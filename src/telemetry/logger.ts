import { writeSync } from 'node:fs';
import pino from 'pino';
import type { Logger } from 'pino';

/**
 * Creates a logger that writes one JSON object a line. The lines of every program have the same form: `time` (ISO
 * 8601), `level` as a word, `name`, `msg`.
 */
export function createLogger(
  { name, level }: { name: 'worker' | 'gateway' | 'codec-server'; level: string },
  destination: pino.DestinationStream = standardOutput(),
): Logger {
  return pino(
    {
      name,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

const EAGAIN_PAUSE_MS = 10;

/**
 * Writes to standard output. If the disk is full or the reader is gone, the program goes on and loses lines. The first
 * loss is reported on standard error, unless the reader is gone. pino's own destination would hold the last lines back,
 * and then never let the program end.
 */
function standardOutput(): pino.DestinationStream {
  let isTold = false;
  return {
    write(line) {
      try {
        writeWhole(Buffer.from(line));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (!isTold && code !== 'EPIPE') {
          process.stderr.write(`The log cannot be written (${code ?? 'unknown error'}): lines are lost.\n`);
        }
        isTold = true;
      }
    },
  };
}

/** Writes all bytes of a line, and waits for a slow reader. */
function writeWhole(line: Buffer): void {
  for (let written = 0; written < line.length;) {
    try {
      written += writeSync(1, line, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EAGAIN_PAUSE_MS);
    }
  }
}
