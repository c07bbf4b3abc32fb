import { execa } from 'execa';

export interface PromtoolEnded {
  exitCode: number | undefined;
  output: string;
}

/** Prometheus' own judge of rules and expressions, a program of the machine. @throws if it is not installed. */
export async function promtool(args: string[], input = ''): Promise<PromtoolEnded> {
  try {
    const { exitCode, all } = await execa('promtool', args, { all: true, input, timeout: 60_000, reject: false });
    if (exitCode === undefined) throw new Error('promtool was not started, or did not end within a minute.');
    return { exitCode, output: all };
  } catch (error) {
    throw new Error('Install promtool: it is in the package "prometheus" of Debian and Ubuntu.', { cause: error });
  }
}
