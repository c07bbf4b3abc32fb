import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

const PROGRAM = `
  import { createLogger } from './src/telemetry/logger.ts';
  const logger = createLogger({ name: 'worker', level: 'info' });
  for (let line = 0; line < 20; line += 1) logger.info('a line');
  setTimeout(() => {
    logger.info('another line');
    process.stderr.write('still alive');
    process.exit(0);
  }, 200);
`;

describe('a program whose log is on a full disk', () => {
  it('goes on without its log, and says so once', async () => {
    const { exitCode, stderr } = await execa(
      'sh',
      ['-c', 'exec "$0" --input-type=module --eval "$1" > /dev/full', process.execPath, PROGRAM],
      {
        cwd: new URL('../..', import.meta.url),
        env: { NODE_OPTIONS: '' },
        reject: false,
      },
    );

    expect(stderr.split('\n')).toEqual(['The log cannot be written (ENOSPC): lines are lost.', 'still alive']);
    expect(exitCode).toBe(0);
  });
});

describe('a program whose log and errors go to one pipe with a slow reader', () => {
  it('loses no line', async () => {
    const program = `
      import { createLogger } from './src/telemetry/logger.ts';
      process.stderr.write('');
      const logger = createLogger({ name: 'worker', level: 'info' });
      for (let line = 0; line < 3000; line += 1) logger.info({ line }, 'x'.repeat(200));
    `;
    const { stdout } = await execa(
      'sh',
      ['-c', '"$0" --input-type=module --eval "$1" 2>&1 | (sleep 1; cat)', process.execPath, program],
      { cwd: new URL('../..', import.meta.url), env: { NODE_OPTIONS: '' } },
    );

    const lines = stdout.split('\n').map((line) => (JSON.parse(line) as { line: number }).line);
    expect(lines).toEqual(Array.from({ length: 3000 }, (_, line) => line));
  });
});
