/** How long a part may take before a line says that it is still at it. */
const STILL_AFTER_MS = 10_000;
const NAME_WIDTH = 18;

/** The console of the stack: the one place that writes to it. */
export interface Progress {
  say(line: string): void;
  /** For what went wrong: on standard error. */
  complain(text: string): void;
  /**
   * Shows that a part is on its way, then how long it took.
   *
   * @param work may say what it is doing; it is shown if it takes long. Its result is shown if it is a text.
   */
  step<T>(name: string, work: (doing: (what: string) => void) => Promise<T>): Promise<T>;
}

export function consoleProgress(): Progress {
  // Whoever read our output is gone: no reason to leave processes behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    say,
    complain: (text) => void process.stderr.write(`${text}\n`),
    async step(name, work) {
      const startedAt = Date.now();
      let doing = 'starting';
      const timer = setInterval(
        () => say(`… ${name.padEnd(NAME_WIDTH)} ${doing}, ${seconds(Date.now() - startedAt)} so far`),
        STILL_AFTER_MS,
      );
      try {
        const result = await work((what) => {
          doing = what;
        });
        const detail = typeof result === 'string' ? `  ${result}` : '';
        say(`✓ ${name.padEnd(NAME_WIDTH)} ${seconds(Date.now() - startedAt).padStart(6)}${detail}`);
        return result;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** For tests: says nothing. */
export const silentProgress: Progress = {
  say: () => {},
  complain: () => {},
  step: (_name, work) => work(() => {}),
};

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
