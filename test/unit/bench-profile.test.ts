import { expect, it } from '@jest/globals';
import { causesIn } from '../../bench/parts/profile.ts';
import type { Profile } from '../../bench/parts/profile.ts';

const node = (id: number, functionName: string, url = '', children: number[] = []): Profile['nodes'][number] => ({
  id,
  callFrame: { functionName, url },
  children,
});

it('a profile is told by cause: by the innermost code that belongs to somebody', () => {
  const profile: Profile = {
    nodes: [
      node(1, '(root)', '', [2, 3, 7, 8]),
      node(2, '(idle)'),
      node(3, 'encode', 'file:///app/dist/src/temporal/encryption-codec.js', [4]),
      node(4, 'update', 'node:internal/crypto/cipher'),
      node(7, 'activate', '/app/node_modules/@temporalio/worker/lib/workflow/reusable-vm.js', [5, 6]),
      node(5, 'runInContext'),
      node(6, 'orderCreation', 'workflow-bundle-1.js'),
      node(8, '(garbage collector)'),
    ],
    startTime: 1000,
    samples: [5, 2, 4, 5, 6, 8, 4],
    timeDeltas: [0, 10, 20, 30, 40, 50, 60],
  };

  // The first sample lies before the window, the last after it.
  expect(causesIn(profile, { from: 1005, to: 1155 })).toEqual({
    Encryption: 30,
    'Entering a workflow: the guard against endless loops, and the exchange of globals': 40,
    "Workflow code, Temporal's and ours": 50,
    'V8, compiling and collecting garbage': 60,
  });
});
