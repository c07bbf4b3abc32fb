import type { Conditions, Machine } from './result.ts';
import type { Figure } from './statistics.ts';

/** What a figure is worth nothing without. */
export function conditions({ measuredOn, rounds, machine }: Conditions, how: string[]): string {
  return [
    `Measured on ${measuredOn} in ${rounds === 1 ? '1 round' : `${rounds} rounds`}; in parentheses the lowest and the highest round. Latencies are in ms.`,
    describeMachine(machine),
    ...how.map((line) => `${line}.`),
  ]
    .map((line) => `- ${line}`)
    .join('\n');
}

/** The same of what has no rounds. */
export function measuredOnce({ measuredOn, machine }: Conditions): string {
  return `- Measured on ${measuredOn}.\n- ${describeMachine(machine)}`;
}

function describeMachine({ cores, processor, memoryGb, system, loadBefore, versions }: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cores} cores (${processor}), ${memoryGb} GB, ${system}; load average before it ${loadBefore.toFixed(1)}; ${programs.join(', ')}.`;
}

/** With the lowest and the highest round, if there were several. */
export function figure({ value, lowest, highest }: Figure, digits: number): string {
  if (lowest === highest) return value.toFixed(digits);
  return `${value.toFixed(digits)} (${lowest.toFixed(digits)}–${highest.toFixed(digits)})`;
}

export function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
