import { isCancellation } from '@temporalio/workflow';
import type { Tried } from '../activities/order-creation-activities.ts';
import { detailsOf, reasonOf } from '../domain/failure-details.ts';
import { durationOf, secondOf } from '../domain/spoken-time.ts';
import { inCell, verbatim } from './markdown.ts';
import { NO_NOTE, notedFailure } from './step-failure.ts';

/** The four steps in their order: the name of each, and what people read once the step has succeeded. */
const steps = {
  validateCheckout: { name: 'Check the checkout', done: 'The checkout follows the rules.' },
  createOrderRecord: { name: 'Write the order to Directus', done: 'Directus has the order.' },
  createRideNDineOrder: { name: 'Ask RideNDine to create it', done: 'RideNDine has the order.' },
  saveLinkIds: { name: "Save RideNDine's ids", done: 'The ids are saved.' },
} as const;
export type StepName = keyof typeof steps;

/** One time that a step was made. After a review, the step may be made again. */
interface MadeStep {
  step: StepName;
  beganMs: number;
  /** Set once the step is over. */
  end?: { afterMs: number } & Ending;
}

interface Ending {
  attempts: number | undefined;
  result: string;
  /** What RideNDine wrote. */
  words?: string | undefined;
}

/**
 * Makes a step, and shows its course during the step and afterwards.
 *
 * @param make must call `afterAttempt` when an attempt has failed and a new activity follows, which counts from one.
 */
export type TellStep = <Output extends object>(
  step: StepName,
  make: (afterAttempt: () => void) => Promise<Output & Tried>,
) => Promise<Output>;

/** What support staff read of the steps of a run: all four, and what came of each. */
export interface Story {
  tell: TellStep;
  /** In Markdown. */
  table(): string;
}

/** @param changed is called when the table has changed. */
export function beginStory(changed: () => void): Story {
  const made: MadeStep[] = [];
  return {
    async tell<Output extends object>(step: StepName, make: (afterAttempt: () => void) => Promise<Output & Tried>) {
      const entry: MadeStep = { step, beganMs: Date.now() };
      made.push(entry);
      changed();
      let before = 0;
      const over = ({ attempts, ...end }: Ending) => {
        entry.end = { afterMs: Date.now() - entry.beganMs, attempts: attempts && before + attempts, ...end };
        changed();
      };
      try {
        const { attempts = 1, ...output } = await make(() => (before += 1));
        over({ attempts, result: steps[step].done });
        return output as unknown as Output;
      } catch (error) {
        over(endOf(error));
        throw error;
      }
    },
    // RideNDine's texts stand below the table: a long text inside the table would make it too wide for the page.
    table: () => [tableOf(made), ...wordsIn(made)].join('\n\n'),
  };
}

function endOf(error: unknown): Ending {
  if (isCancellation(error)) return { attempts: undefined, result: 'Broken off.' };
  const failure = notedFailure(error);
  if (!failure) return { attempts: undefined, result: NO_NOTE };
  const { attempts = 1, partner_text: words } = detailsOf(failure);
  return { attempts, result: reasonOf(failure), words };
}

const NOT_BEGUN = ['', '', '', ''];

function tableOf(made: readonly MadeStep[]): string {
  const names = Object.keys(steps) as StepName[];
  const rows = names.flatMap((step) => {
    const ofStep = made.filter((entry) => entry.step === step).map(cellsOf);
    return (ofStep.length > 0 ? ofStep : [NOT_BEGUN]).map((cells) => [steps[step].name, ...cells]);
  });
  return [['Step', 'Began (UTC)', 'Took', 'Attempts', 'Result'], Array(5).fill('---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function wordsIn(made: readonly MadeStep[]): string[] {
  const words = made.flatMap(({ end }) => (end?.words === undefined ? [] : [end.words]));
  return [...new Set(words)].map((each) => `RideNDine wrote: ${verbatim(each)}`);
}

function cellsOf({ beganMs, end }: MadeStep): string[] {
  const began = secondOf(new Date(beganMs).toISOString());
  if (!end) return [began, '', '', 'Under way.'];
  return [began, durationOf(end.afterMs), String(end.attempts ?? ''), inCell(end.result)];
}
