import { writeSync } from 'node:fs';
import pino from 'pino';
import type { Logger } from 'pino';

/** One JSON object a line, of the same form from every program: `time` (ISO 8601), `level` as a word, `name`, `msg`. */
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

/**
 * Standard output. A program outlives a full disk: lines are lost until there is room again, and the first loss is told.
 * pino's own destination would hold the last lines back, and then never let the program end.
 */
function standardOutput(): pino.DestinationStream {
  let isTold = false;
  return {
    write(line) {
      try {
        writeSync(1, line);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Nobody reads it any more.
        if (code === 'EPIPE') process.exit(1);
        if (!isTold) process.stderr.write(`The log can not be written (${code ?? 'unknown error'}): lines are lost.\n`);
        isTold = true;
      }
    },
  };
}
