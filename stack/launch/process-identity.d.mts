export interface ProcessFacts {
  name: string;
  parentPid: number;
  startedAt: string;
}
export function readProcess(pid: number): ProcessFacts | undefined;
export function readFromPs(pid: number): ProcessFacts | undefined;
export function processIdentity(pid: number): string | undefined;
