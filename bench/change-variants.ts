import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { NO_ENCRYPTION } from '../src/temporal/encryption-keys.ts';
import type { PartCommand } from '../stack/supervisor.ts';

/** One thing that is otherwise than the product has it; all else is the same. */
export interface ChangeVariant {
  variant: string;
  /**
   * `undone`: the product has it, the variant has not. `tried`: the product has it not. `price`: what is paid for a
   * promise; there is no question of going without it. `bare`: what Temporal takes on this machine, whatever one writes.
   */
  kind: 'undone' | 'tried' | 'price' | 'bare';
  /** What the variant does, for a person. */
  title: string;
  /** What the product does instead and why, a sentence. */
  about: string;
  /** Where the server keeps its data. */
  storage?: 'file' | 'memory';
  /** Makes another command of the one that runs the server. */
  server?: (command: PartCommand) => PartCommand;
  worker?: Partial<WorkerOptions>;
  encryptionKeys?: string;
  /** Path of a module that is compiled with the workflow. */
  interceptor?: string;
  /** Path of the workflow that is compiled instead of the product's, with nothing else. */
  workflow?: string;
  /** Path of a module that each thread of the worker loads first. */
  preload?: string;
  /** Between two looks at an order by its caller, who does not wait for its end otherwise. */
  lookEveryMs?: number;
}

/** What all others are compared with. */
export const AS_IS = 'as it is';

/** In the order of the page. */
export const changeVariants: ChangeVariant[] = [
  {
    variant: 'activities',
    kind: 'undone',
    title: 'every step at Directus an activity',
    about:
      'First attempts are made within the workflow task, so that nobody waits for the server between the steps ([decision 17](decisions/0017-first-attempts-at-directus-are-local.md)).',
    interceptor: pathOf('activities-only-interceptor.ts'),
  },
  {
    variant: 'not eager',
    kind: 'undone',
    title: 'no eager activities',
    about: 'An activity is handed to the worker with the answer to its workflow task, not through the task queue.',
    server: withArguments((argument) =>
      argument.replace('enableActivityEagerExecution=true', 'enableActivityEagerExecution=false'),
    ),
  },
  {
    variant: 'server as shipped',
    kind: 'undone',
    title: 'dev server as shipped',
    about:
      'Without its dynamic configuration, the dev server looks for new tasks at most 20 times a second under load; it also knows no eager activities then.',
    server: withoutArguments('--dynamic-config-value='),
  },
  {
    variant: 'usual GOGC',
    kind: 'undone',
    title: 'GOGC at its default of 100',
    about: 'The server collects its garbage at four times the live heap instead of twice: memory for CPU.',
    server: ({ env: { GOGC: _changed, ...env }, ...command }) => ({ ...command, env }),
  },
  {
    variant: 'file without WAL',
    kind: 'undone',
    title: 'data in a file, SQLite as shipped',
    about:
      'Where the data is in a file, as with `npm start`, SQLite writes ahead and does not wait for the disk at each commit: to be compared with _data in a file_ below.',
    storage: 'file',
    server: withoutArguments('--sqlite-pragma='),
  },
  {
    variant: 'few slots',
    kind: 'undone',
    title: '8 workflow task slots',
    about: 'There are 200: a task holds its slot while Directus is asked.',
    worker: { maxConcurrentWorkflowTaskExecutions: 8 },
  },
  {
    variant: 'small cache',
    kind: 'undone',
    title: 'a cache of 10 workflows',
    about:
      "The SDK's own size, some hundred runs and more, is kept: fewer would push out runs that wait for RideNDine.",
    worker: { maxCachedWorkflows: 10 },
  },
  {
    variant: 'own contexts',
    kind: 'undone',
    title: 'a V8 context for each run',
    about: "All runs of a worker share one, which is the SDK's default.",
    worker: { reuseV8Context: false },
  },
  {
    variant: 'few polls for new orders',
    kind: 'undone',
    title: "the SDK's ratio of polls",
    about:
      "Seven of the worker's ten polls are for new orders, not two: the queue has four partitions, each polled apart, and an order among many at once may wait for two seconds where there is none.",
    worker: { nonStickyToStickyPollRatio: 0.2 },
  },
  {
    variant: 'half of the polls for new orders',
    kind: 'tried',
    title: 'half of the polls for new orders',
    about: 'Seven of ten, as above.',
    worker: { nonStickyToStickyPollRatio: 0.5 },
  },
  {
    variant: 'looking again and again',
    kind: 'undone',
    title: 'a look at the order every 50 ms',
    about: 'A caller waits by one request, which Temporal answers as soon as the order is done.',
    lookEveryMs: 50,
  },
  {
    variant: 'autoscaling pollers',
    kind: 'tried',
    title: 'pollers that scale by themselves',
    about: 'The product leaves the SDK its fixed number of pollers, 10 of each kind.',
    worker: {
      workflowTaskPollerBehavior: { type: 'autoscaling' },
      activityTaskPollerBehavior: { type: 'autoscaling' },
    },
  },
  {
    variant: 'two threads',
    kind: 'tried',
    title: '2 threads for workflows',
    about:
      'The product has one, and more workers where one is not enough: a second thread shares its worker with a single thread for HTTP and encryption.',
    worker: { workflowThreadPoolSize: 2 },
  },
  {
    variant: 'no watchdog',
    kind: 'tried',
    title: 'workflow code without a time limit',
    about:
      'Node starts a thread to watch over each call into the sandbox, some twenty an order. The SDK has no switch for that, and a loop without an end would block a worker for good.',
    preload: pathOf('without-watchdog.ts'),
  },
  {
    variant: 'file',
    kind: 'price',
    title: 'data in a file',
    about: 'What a dev server costs that loses nothing when it is killed, as with `npm start`.',
    storage: 'file',
  },
  {
    variant: 'no encryption',
    kind: 'price',
    title: 'no encryption',
    about: 'What Temporal stores of an order is encrypted: less here is what that costs.',
    encryptionKeys: NO_ENCRYPTION,
  },
  {
    variant: 'bare activities',
    kind: 'bare',
    title: 'nothing but four activities',
    about:
      'The workflow that one would begin with: it can do the good path alone, encrypts nothing and shows nobody how it stands.',
    encryptionKeys: NO_ENCRYPTION,
    workflow: pathOf('bare-activities.ts'),
  },
  {
    variant: 'bare local',
    kind: 'bare',
    title: 'nothing but the same steps',
    about: 'That workflow with its steps at Directus as local activities, as the product makes its first attempts.',
    encryptionKeys: NO_ENCRYPTION,
    workflow: pathOf('bare-local.ts'),
  },
];

function pathOf(module: string): string {
  return fileURLToPath(new URL(module, import.meta.url));
}

function withArguments(changed: (argument: string) => string): NonNullable<ChangeVariant['server']> {
  return ({ args, ...command }) => ({ ...command, args: args.map(changed) });
}

function withoutArguments(prefix: string): NonNullable<ChangeVariant['server']> {
  return ({ args, ...command }) => ({ ...command, args: args.filter((argument) => !argument.startsWith(prefix)) });
}
