import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from '../../src/cli/ridendine/command-line.ts';

const by = ['--actor', ' agent-7 ', '--reason', 'Ticket 1'];
const who = { actor: 'agent-7', reason: 'Ticket 1' };

describe('npm run ridendine', () => {
  it.each([
    [['status'], { name: 'status' }],
    [['pause', ...by], { name: 'pause', by: who, forMs: undefined }],
    [['pause', '--for', '2h', ...by], { name: 'pause', by: who, forMs: 7_200_000 }],
    [['pause', '--for', '90 min', ...by], { name: 'pause', by: who, forMs: 5_400_000 }],
    [['resume', ...by], { name: 'resume', by: who }],
    [['--help'], 'help'],
  ])('%j', (args, command) => {
    expect(parseCommandLine(args)).toEqual(command);
  });

  it.each([
    [[], 'A command is missing'],
    [['stop'], 'There is no command "stop"'],
    [['pause'], '--actor is missing'],
    [['pause', '--actor', 'agent-7'], '--reason is missing'],
    [['pause', 'now', ...by], '"now" is too much'],
    [['status', ...by], '"status" changes nothing'],
    [['resume', '--for', '2h', ...by], '--for goes with "pause"'],
    [['pause', '--for', '2', ...by], '--for has to be a duration'],
    [['pause', '--for', '0 s', ...by], '--for has to be a duration'],
    [['pause', '--for', '2 years', ...by], '--for has to be a duration'],
    [['pause', '--for', 'a while', ...by], '--for has to be a duration'],
    [['pause', '--until', 'noon', ...by], '--until'],
  ])('%j is refused', (args, why) => {
    expect(() => parseCommandLine(args)).toThrow(why);
  });
});
