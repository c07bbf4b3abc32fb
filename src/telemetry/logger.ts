import pino from 'pino';
import type { Logger } from 'pino';

/** One JSON object a line, of the same form from every program: `time` (ISO 8601), `level` as a word, `name`, `msg`. */
export function createLogger(
  { name, level }: { name: 'worker' | 'gateway' | 'codec-server'; level: string },
  destination: pino.DestinationStream = pino.destination(1),
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
