import path from 'node:path';
import { execa } from 'execa';
import { findPrometheus } from './find-prometheus.ts';

export interface PromtoolEnded {
  exitCode: number;
  output: string;
}

/** Prometheus' own judge of rules and expressions. @throws if it can't be had, or does not end by itself. */
export async function promtool(args: string[]): Promise<PromtoolEnded> {
  const program = path.join(await findPrometheus(process.env), 'promtool');
  const ended = await execa(program, args, { all: true, timeout: 60_000, reject: false });
  if (ended.exitCode === undefined) throw new Error(ended.shortMessage);
  return { exitCode: ended.exitCode, output: ended.all };
}
