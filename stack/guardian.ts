// node guardian.ts <data folder> <pid of the stack>
// Ends the processes of a stack that was killed. The guardian's standard input is a pipe from the stack. However the
// stack ends, the system closes this pipe.
import { once } from 'node:events';
import { endRecordedProcesses } from './process-records.ts';

const GRACE_MS = 3_000;

const [dataDir = '', stackPid] = process.argv.slice(2);
// A signal to the whole group is meant for the stack. The guardian ends only when the pipe closes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.stdin.resume();
await once(process.stdin, 'end');
await endRecordedProcesses(dataDir, { graceMs: GRACE_MS, stackPid: Number(stackPid) });
