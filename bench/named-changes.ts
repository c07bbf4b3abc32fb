import { fileURLToPath } from 'node:url';
import { NO_ENCRYPTION } from '../src/encryption/encryption-keys.ts';
import type { PartCommand } from '../stack/supervisor.ts';
import type { SiteChanges } from './waiting-site.ts';

/** One thing that is otherwise than the product has it; all else is the same. */
export interface NamedChange extends Omit<SiteChanges, 'bundle'> {
  /** What is otherwise, for a person. It is the variant's name in the result. */
  name: string;
  /**
   * `undone`: the product has the change, the variant has not. `tried`: the variant has it, the product has not. `price`: what
   * a promise of the product costs. `bare`: what Temporal itself takes, whatever the workflow is.
   */
  kind: 'undone' | 'tried' | 'price' | 'bare';
  /** What the product does and why. */
  about: string;
  /** Where the server keeps its data; in memory unless told. */
  storage?: 'file';
  /** Makes another command of the one that runs the server. */
  server?: (command: PartCommand) => PartCommand;
  /** Path of a module that is compiled with the workflow. */
  interceptor?: string;
  /** Path of the workflow that is compiled instead of the product's. */
  workflow?: string;
  /** The worker compiles the workflows when it starts. */
  compiledAtStart?: boolean;
}

/** In the order of the page. */
export const namedChanges: NamedChange[] = [
  {
    name: 'every step at Directus an activity',
    kind: 'undone',
    about:
      'The first attempt at Directus is made within the workflow task ([decision 17](decisions/0017-first-attempts-at-directus-are-local.md)): two workflow tasks and one activity instead of five and four.',
    interceptor: pathOf('activities-only.ts'),
  },
  {
    name: 'no eager activities',
    kind: 'undone',
    about: 'Temporal hands an activity to the worker with the answer to its workflow task, not through the task queue.',
    server: withArguments((argument) =>
      argument.replace('enableActivityEagerExecution=true', 'enableActivityEagerExecution=false'),
    ),
  },
  {
    name: 'dev server as shipped',
    kind: 'undone',
    about: 'The dev server may look for work more often than 20 times a second.',
    server: withoutArguments('--dynamic-config-value='),
  },
  {
    name: 'GOGC at its default of 100',
    kind: 'undone',
    about: 'The dev server collects garbage at four times its live heap instead of twice.',
    server: ({ env: { GOGC: _changed, ...env }, ...command }) => ({ ...command, env }),
  },
  {
    name: 'data in a file, SQLite as shipped',
    kind: 'undone',
    about:
      'With data in a file, SQLite writes ahead and does not wait for the disk at each commit; compare with _data in a file_.',
    storage: 'file',
    server: withoutArguments('--sqlite-pragma='),
  },
  {
    name: '8 workflow task slots',
    kind: 'undone',
    about: 'A worker has 200, since a workflow task holds its slot while Directus answers.',
    worker: { maxConcurrentWorkflowTaskExecutions: 8 },
  },
  {
    name: 'a cache of 10 workflows',
    kind: 'undone',
    about: 'A worker keeps as many runs in its cache as the SDK chooses, some hundred.',
    worker: { maxCachedWorkflows: 10 },
  },
  {
    name: 'a V8 context for each run',
    kind: 'undone',
    about: 'All runs of a worker share one V8 context, the default of the SDK.',
    worker: { reuseV8Context: false },
  },
  {
    name: '2 of 10 polls for new orders',
    kind: 'undone',
    about:
      'Seven of ten polls are for new orders: the task queue has four partitions, and an order waits up to two seconds in one that nobody polls.',
    worker: { nonStickyToStickyPollRatio: 0.2 },
  },
  {
    name: '5 of 10 polls for new orders',
    kind: 'tried',
    about: 'Seven of ten polls are for new orders.',
    worker: { nonStickyToStickyPollRatio: 0.5 },
  },
  {
    name: 'a look at the order every 50 ms',
    kind: 'undone',
    about: 'A caller waits by one request, which Temporal answers when the order is done.',
    lookEveryMs: 50,
  },
  {
    name: 'workflows compiled when a worker starts',
    kind: 'undone',
    about: 'The image contains the compiled workflows, so that a worker is ready sooner.',
    compiledAtStart: true,
  },
  {
    name: 'pollers that scale by themselves',
    kind: 'tried',
    about: 'A worker has a fixed number of pollers, 10 of each kind.',
    worker: {
      workflowTaskPollerBehavior: { type: 'autoscaling' },
      activityTaskPollerBehavior: { type: 'autoscaling' },
    },
  },
  {
    name: '2 threads for workflows',
    kind: 'tried',
    about: 'A worker has one, and more workers where one is not enough.',
    worker: { workflowThreadPoolSize: 2 },
  },
  {
    name: 'workflow code without a time limit',
    kind: 'tried',
    about: 'The time limit stays: without it, an endless loop would block a worker for good.',
    preload: pathOf('without-watchdog.ts'),
  },
  {
    name: 'data in a file',
    kind: 'price',
    about: 'A dev server keeps its data when it is killed, as with `npm start`.',
    storage: 'file',
  },
  {
    name: 'no encryption',
    kind: 'price',
    about: 'What Temporal stores of an order is encrypted.',
    encryptionKeys: NO_ENCRYPTION,
  },
  {
    name: 'nothing but four activities',
    kind: 'bare',
    about: 'A workflow of the good path alone, unencrypted, as one would begin.',
    encryptionKeys: NO_ENCRYPTION,
    workflow: pathOf('bare-activities.ts'),
  },
  {
    name: 'nothing but the same steps',
    kind: 'bare',
    about: 'The same, with its steps at Directus as local activities: the least that Temporal takes.',
    encryptionKeys: NO_ENCRYPTION,
    workflow: pathOf('bare-local.ts'),
  },
];

function pathOf(module: string): string {
  return fileURLToPath(new URL(`changed/${module}`, import.meta.url));
}

function withArguments(changed: (argument: string) => string): NonNullable<NamedChange['server']> {
  return ({ args, ...command }) => ({ ...command, args: args.map(changed) });
}

function withoutArguments(prefix: string): NonNullable<NamedChange['server']> {
  return ({ args, ...command }) => ({ ...command, args: args.filter((argument) => !argument.startsWith(prefix)) });
}
