import path from 'node:path';
import { execa } from 'execa';
import { findPrometheus } from './find-prometheus.ts';

export interface PromtoolEnded {
  exitCode: number;
  output: string;
}

/** Runs promtool, Prometheus' checker of rules and expressions. @throws if it cannot be found, or does not end. */
export async function promtool(args: string[]): Promise<PromtoolEnded> {
  const program = path.join(await findPrometheus(process.env), 'promtool');
  const ended = await execa(program, args, { all: true, timeout: 60_000, reject: false });
  if (ended.exitCode === undefined) throw new Error(ended.shortMessage);
  return { exitCode: ended.exitCode, output: ended.all };
}
