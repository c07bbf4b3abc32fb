/** After this time, and again after each such time, a line says that a step is still under way. */
const STILL_AFTER_MS = 10_000;
const NAME_WIDTH = 18;

/** The console of the stack. All lines that the stack shows go through it. */
export interface Progress {
  say(line: string): void;
  /** Writes what went wrong to standard error. */
  complain(text: string): void;
  /**
   * Does one step and shows how long it took. If the step takes long, lines show that it is still under way.
   *
   * @param work can call `doing` to say what it does; these lines show it. A result that is a string is shown, too.
   */
  step<T>(name: string, work: (doing: (what: string) => void) => Promise<T>): Promise<T>;
}

export function consoleProgress(): Progress {
  // If the reader of our output is gone, writing fails. That must not end this process and leave others behind.
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
