import { fileURLToPath } from 'node:url';
import { NO_ENCRYPTION } from '../src/temporal/encryption-keys.ts';
import type { PartCommand } from '../stack/supervisor.ts';
import type { SiteChanges } from './waiting-site.ts';

/** One thing in which a variant differs from the product. Everything else is the same. */
export interface NamedChange extends Omit<SiteChanges, 'bundle'> {
  /** The difference, in words for a person. It is the variant's name in the result. */
  name: string;
  /**
   * `undone`: the product has an improvement, the variant does not. `tried`: the variant has a change, the product does
   * not. `price`: what a promise of the product costs. `bare`: what Temporal itself takes, whatever the workflow is.
   */
  kind: 'undone' | 'tried' | 'price' | 'bare';
  /** What the product does and why. */
  about: string;
  /** Where the server keeps its data; in memory if not given. */
  storage?: 'file';
  /** Changes the command that runs the server. */
  server?: (command: PartCommand) => PartCommand;
  /** Path of a module that is compiled with the workflow. */
  interceptor?: string;
  /** Path of a module that is loaded into the sandbox of the workflows before all others, and kept for all runs. */
  preloaded?: string;
  /** The modules of the workflows are evaluated once for all runs, not once for each run. */
  keepsModules?: boolean;
  /** Path of the workflow that is compiled instead of the product's. */
  workflow?: string;
  /** The worker compiles the workflows when it starts. */
  compiledAtStart?: boolean;
}

/** In the order in which docs/performance.md shows them. */
export const namedChanges: NamedChange[] = [
  ...ofKind('undone', [
    {
      name: 'a call stack of each promise',
      about:
        'The worker keeps none, and the Temporal UI shows no call stack of a run. `WORKER_CALL_STACKS=on` brings it back.',
      env: { WORKER_CALL_STACKS: 'on' },
    },
    {
      name: 'every step at Directus an activity',
      about:
        'First attempts at Directus are made within [the workflow task](decisions/0017-first-attempts-at-directus-are-local.md).',
      interceptor: pathOf('activities-only.ts'),
    },
    {
      name: 'no eager activities',
      about: 'An activity comes with the answer to its workflow task.',
      server: ({ args, ...command }) => ({
        ...command,
        args: args.map((argument) => argument.replace('EagerExecution=true', 'EagerExecution=false')),
      }),
    },
    {
      name: 'dev server as shipped',
      about: 'It may look for work more than 20 times a second.',
      server: withoutArguments('--dynamic-config-value='),
    },
    {
      name: 'GOGC at its default of 100',
      about: 'The dev server collects garbage less often.',
      server: ({ env: { GOGC: _changed, ...env }, ...command }) => ({ ...command, env }),
    },
    {
      name: 'data in a file, SQLite as shipped',
      about: 'SQLite writes ahead and does not wait for the disk; compare with _data in a file_.',
      storage: 'file',
      server: withoutArguments('--sqlite-pragma='),
    },
    {
      name: '8 workflow task slots',
      about: 'There are 200: a task holds its slot while Directus answers.',
      worker: { maxConcurrentWorkflowTaskExecutions: 8 },
    },
    {
      name: 'a cache of 10 workflows',
      about: "The SDK's size is kept.",
      worker: { maxCachedWorkflows: 10 },
    },
    {
      name: 'a V8 context for each run',
      about: 'All runs share one.',
      worker: { reuseV8Context: false },
    },
    {
      name: '2 of 10 polls for new orders',
      about: 'Seven are: an order waits up to two seconds in a partition that nobody polls.',
      worker: { nonStickyToStickyPollRatio: 0.2 },
    },
    {
      name: 'a look at the order every 50 ms',
      about: 'A caller waits by one request.',
      lookEveryMs: 50,
    },
    {
      name: 'workflows compiled when a worker starts',
      about: 'The image contains the compiled workflows.',
      compiledAtStart: true,
    },
  ]),
  ...ofKind('tried', [
    {
      name: '5 of 10 polls for new orders',
      about: 'Seven are.',
      worker: { nonStickyToStickyPollRatio: 0.5 },
    },
    {
      name: 'pollers that scale by themselves',
      about: 'There are 10 of each kind.',
      worker: {
        workflowTaskPollerBehavior: { type: 'autoscaling' },
        activityTaskPollerBehavior: { type: 'autoscaling' },
      },
    },
    {
      name: '2 threads for workflows',
      about: 'More workers serve instead.',
      worker: { workflowThreadPoolSize: 2 },
    },
    {
      name: 'workflow code without a time limit',
      about: 'The limit stays: an endless loop would block a worker.',
      nodeArguments: [`--import=${pathOf('without-watchdog.ts')}`],
    },
    {
      name: 'no stack for any error of a workflow',
      about: 'Then a mistake in a workflow could not be found by its place.',
      preloaded: pathOf('without-stacks.ts'),
    },
    {
      name: 'modules kept for all runs',
      about: 'Each run evaluates the modules of the workflows anew.',
      keepsModules: true,
    },
    {
      name: 'nothing compressed on the way',
      about: 'The worker compresses what it sends to Temporal.',
      env: { UNCOMPRESSED: 'on' },
    },
  ]),
  ...ofKind('price', [
    {
      name: 'data in a file',
      about: 'It survives a kill, as with `npm start`.',
      storage: 'file',
    },
    { name: 'no encryption', about: 'What Temporal stores of an order is encrypted.', encryptionKeys: NO_ENCRYPTION },
  ]),
  ...ofKind('bare', [
    {
      name: 'nothing but four activities',
      about: 'The good path alone, unencrypted.',
      encryptionKeys: NO_ENCRYPTION,
      workflow: pathOf('bare-activities.ts'),
    },
    {
      name: 'nothing but the same steps',
      about: 'The same, with local activities at Directus: the least that Temporal takes.',
      encryptionKeys: NO_ENCRYPTION,
      workflow: pathOf('bare-local.ts'),
    },
  ]),
];

function ofKind(kind: NamedChange['kind'], changes: Omit<NamedChange, 'kind'>[]): NamedChange[] {
  return changes.map((change) => ({ ...change, kind }));
}

function pathOf(module: string): string {
  return fileURLToPath(new URL(`changed/${module}`, import.meta.url));
}

function withoutArguments(prefix: string): NonNullable<NamedChange['server']> {
  return ({ args, ...command }) => ({ ...command, args: args.filter((argument) => !argument.startsWith(prefix)) });
}
