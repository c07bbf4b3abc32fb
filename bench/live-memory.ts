import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { readProcessUsage } from './process-usage.ts';

/** What a program of Node still needs: garbage may lie in the rest of its memory. */
export interface LiveMemory {
  /** In the heaps of all its threads, with the buffers that belong to them. */
  heapBytes: number;
  /** All of the process, in memory. */
  memoryBytes: number;
}

/** Where Node's inspector listens that was asked for by a signal. */
const INSPECTOR = 'http://127.0.0.1:9229/json/list';
/** Of two programs that are asked at once, one waits until the other is done. */
const OPEN_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 30_000;
const OPEN_RETRY_MS = 200;
const CLOSE_AFTER_MS = 200;
/** Memory goes back to the system a little later than it is free. */
const RELEASE_MS = 1_000;
/** The first leaves what only finalizers held. */
const COLLECTIONS = 2;

/**
 * Has a running program of Node collect its garbage, and reads what is left. The program knows nothing of it: its
 * inspector is opened by a signal and closed again.
 *
 * @param signal after which the program, which may have ended by then, is not asked any more.
 * @throws Error if its inspector does not open: it listens on a port that all programs of Node share.
 */
export async function readLiveMemory(pid: number, signal?: AbortSignal): Promise<LiveMemory> {
  const inspector = await openInspector(pid, signal);
  try {
    const threads = await inspector.threads();
    for (let round = 0; round < COLLECTIONS; round += 1) {
      for (const call of threads) await call('HeapProfiler.collectGarbage');
    }
    const heaps = await Promise.all(threads.map((call) => call('Runtime.getHeapUsage')));
    await delay(RELEASE_MS);
    return {
      heapBytes: heaps.reduce((sum, heap) => sum + Number(heap['usedSize']) + Number(heap['backingStorageSize']), 0),
      memoryBytes: readProcessUsage({ program: pid }).program.memoryBytes,
    };
  } finally {
    await inspector.close();
  }
}

type Call = (method: string, params?: Record<string, unknown>) => Promise<Record<string, unknown>>;

interface Inspector {
  /** The main thread and all others. */
  threads(): Promise<Call[]>;
  close(): Promise<void>;
}

async function openInspector(pid: number, signal?: AbortSignal): Promise<Inspector> {
  const deadline = performance.now() + OPEN_TIMEOUT_MS;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    process.kill(pid, 'SIGUSR1');
    await delay(OPEN_RETRY_MS);
    const inspector = await connect(pid);
    if (inspector) return inspector;
  }
  throw new Error(`The inspector of process ${pid} does not open at ${INSPECTOR}. Is a debugger in use?`);
}

/** `undefined` if nothing listens, or another program, or one that is just closing. */
async function connect(pid: number): Promise<Inspector | undefined> {
  const [target] = await listed();
  if (target === undefined) return undefined;
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  const tooLate = setTimeout(() => socket.close(), ANSWER_TIMEOUT_MS);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true));
    socket.addEventListener('close', () => resolve(false));
  });
  clearTimeout(tooLate);
  if (!isOpen) return undefined;
  const session = new InspectorSession(socket);
  const answering = await session.evaluate('process.pid').catch(() => undefined);
  if (answering === pid) return session;
  socket.close();
  return undefined;
}

async function listed(): Promise<{ webSocketDebuggerUrl: string }[]> {
  try {
    const reply = await fetch(INSPECTOR);
    return (await reply.json()) as { webSocketDebuggerUrl: string }[];
  } catch {
    return [];
  }
}

/** Calls to one program's inspector, and through it to those of its threads. */
class InspectorSession implements Inspector {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (answer: Record<string, unknown>) => void>();
  readonly #threads = new Set<string>();
  #calls = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Message));
  }

  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#call('Runtime.evaluate', { expression });
    return (result as { value?: unknown }).value;
  }

  async threads(): Promise<Call[]> {
    // It has told of all threads by the time it answers.
    await this.#call('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return [
      (method, params) => this.#call(method, params),
      ...[...this.#threads].map(
        (sessionId): Call =>
          (method, params) =>
            this.#callThread(sessionId, method, params),
      ),
    ];
  }

  async close(): Promise<void> {
    // The program has ended.
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    await this.#call('NodeWorker.disable');
    // By then we are gone: with somebody connected, the program would stand still.
    await this.evaluate(`setTimeout(() => process.getBuiltinModule('node:inspector').close(), ${CLOSE_AFTER_MS})`);
    this.#socket.close();
    await once(this.#socket, 'close');
    const deadline = performance.now() + OPEN_TIMEOUT_MS;
    while ((await listed()).length > 0 && performance.now() < deadline) await delay(CLOSE_AFTER_MS);
  }

  #call(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    return this.#send((message) => this.#socket.send(message), method, params);
  }

  #callThread(sessionId: string, method: string, params: Record<string, unknown> = {}) {
    const forward = (message: string) => this.#call('NodeWorker.sendMessageToWorker', { sessionId, message });
    return this.#send(forward, method, params);
  }

  async #send(transmit: (message: string) => unknown, method: string, params: Record<string, unknown>) {
    this.#calls += 1;
    const id = this.#calls;
    const { promise: answer, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
    const noAnswer = () => reject(new Error(`Node's inspector gave no answer to ${method}.`));
    const timer = setTimeout(noAnswer, ANSWER_TIMEOUT_MS);
    this.#socket.addEventListener('close', noAnswer);
    this.#answers.set(id, resolve);
    try {
      const [answered] = await Promise.all([answer, transmit(JSON.stringify({ id, method, params }))]);
      return answered;
    } finally {
      clearTimeout(timer);
      this.#socket.removeEventListener('close', noAnswer);
      this.#answers.delete(id);
    }
  }

  #receive({ id, result = {}, method, params = {} }: Message): void {
    if (id !== undefined) this.#answers.get(id)?.(result);
    if (method === 'NodeWorker.attachedToWorker') this.#threads.add(String(params['sessionId']));
    if (method === 'NodeWorker.receivedMessageFromWorker')
      this.#receive(JSON.parse(String(params['message'])) as Message);
  }
}

interface Message {
  id?: number;
  result?: Record<string, unknown>;
  method?: string;
  params?: Record<string, unknown>;
}
