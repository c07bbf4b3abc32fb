import { execa } from 'execa';

export interface PromtoolEnded {
  exitCode: number;
  output: string;
}

/** Prometheus' own judge of rules and expressions, a program of the machine. @throws if it is not installed. */
export async function promtool(args: string[]): Promise<PromtoolEnded> {
  const ended = await execa('promtool', args, { all: true, timeout: 60_000, reject: false });
  if (ended.exitCode !== undefined) return { exitCode: ended.exitCode, output: ended.all };
  if (ended.code !== 'ENOENT') throw new Error(ended.shortMessage);
  throw new Error('Install promtool: it is in the package "prometheus" of Debian and Ubuntu.');
}
