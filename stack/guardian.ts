// node guardian.ts <data folder> <pid of the stack>
// Ends the processes of a stack that was killed. Its standard input is a pipe from the stack, which the system closes
// however the stack ends.
import { once } from 'node:events';
import { endRecordedProcesses } from './process-records.ts';

const GRACE_MS = 3_000;

const [dataDir = '', stackPid] = process.argv.slice(2);
// A signal to the whole group means the stack: the guardian ends by the pipe alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.stdin.resume();
await once(process.stdin, 'end');
await endRecordedProcesses(dataDir, { graceMs: GRACE_MS, stackPid: Number(stackPid) });
