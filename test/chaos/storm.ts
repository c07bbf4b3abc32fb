import type { RunningStack } from '../support/running-stack.ts';
import { crashAndRestart } from './crashes.ts';
import type { Customers } from './customers.ts';
import type { StormPlan } from './storm-plan.ts';

/** How many customers send requests at the same time. */
const LANES = 16;

/** Sends every request of the plan, makes the crashes when they are due, and waits for the last answer. */
export async function runStorm(
  { stack }: RunningStack,
  { plan, customers }: { plan: StormPlan; customers: Customers },
): Promise<void> {
  const requests = plan.requests.values();
  const due = [...plan.crashes];
  let answered = 0;
  let crashes = Promise.resolve();

  const crashWhenDue = () => {
    for (let next = due[0]; next !== undefined && next.afterAnswers <= answered; next = due[0]) {
      const { kind } = next;
      due.shift();
      // One crash after the other: two parts that are down at the same time test nothing more than one.
      crashes = crashes.then(async () => void (await crashAndRestart(stack.parts, kind)));
    }
  };
  const lane = async () => {
    // The lanes share the one iterator: each request is sent by one of them.
    for (const order of requests) {
      await customers.send(order);
      answered += 1;
      crashWhenDue();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await crashes;
}
