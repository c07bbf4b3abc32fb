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

/** A program outlives a full disk: lines are lost until there is room again, and the first loss is told. */
function standardOutput(): pino.DestinationStream {
  const output = pino.destination(1);
  let isTold = false;
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(1);
    if (!isTold) process.stderr.write(`The log can not be written (${error.code ?? error.name}): lines are lost.\n`);
    isTold = true;
  });
  return output;
}
