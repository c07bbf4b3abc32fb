import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { activityInfo } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { CheckoutStanding, OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import { searchAttributes } from '../../src/contract/runs.ts';
import type { OrderCreationStage } from '../../src/contract/runs.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { createScenario } from '../support/scripted-activities.ts';
import type { Scenario } from '../support/scripted-activities.ts';
import { startTimeSkippingTemporal } from '../support/time-skipping-temporal.ts';
import type { TimeSkippingTemporal } from '../support/time-skipping-temporal.ts';

type LocalStep = 'validateCheckout' | 'createOrderRecord' | 'saveLinkIds';

let temporal: TimeSkippingTemporal;
beforeAll(async () => {
  temporal = await startTimeSkippingTemporal();
}, 240_000);
afterAll(() => temporal.stop());

describe('a step at Directus', () => {
  it('is made within a workflow task: an order takes two, and one activity', async () => {
    const events = await eventsOf(await newScenario());

    expect(events.filter(({ workflowTaskCompletedEventAttributes: task }) => task)).toHaveLength(2);
    expect(activitiesIn(events)).toEqual(['createRideNDineOrder']);
  });

  it.each<LocalStep>(['validateCheckout', 'createOrderRecord', 'saveLinkIds'])(
    'goes on as an activity, with the attempts that it needs, if its first one fails: %s',
    async (step) => {
      let attempts = 0;
      const scenario = await newScenario(step, () => {
        attempts += 1;
        if (attempts < 4) throw directusDown();
      });

      const events = await eventsOf(scenario);

      expect(attempts).toBe(4);
      expect(new Set(activitiesIn(events))).toEqual(new Set(['createRideNDineOrder', step]));
    },
  );

  it.each<[LocalStep, OrderCreationStage]>([
    ['createOrderRecord', 'CREATING_RECORD'],
    ['saveLinkIds', 'SAVING_LINK'],
  ])('lets the run be found in its stage once it waits: %s', async (step, stage) => {
    const waiting = await newScenario(step, () => {
      if (activityInfo().isLocal) throw directusDown();
    });

    expect(await stagesOf(waiting)).toContain(stage);
    expect(await stagesOf(await newScenario())).not.toContain(stage);
  });

  it('is an activity from its first attempt on where it changes an order that is there', async () => {
    const scenario = await newScenario();
    const usual = { ...scenario.activities };
    scenario.activities.validateCheckout = async (input) =>
      ({ ...(await usual.validateCheckout(input)), kind: 'failed' }) as CheckoutStanding;

    const events = await eventsOf(scenario);

    expect(activitiesIn(events)).toEqual(['createOrderRecord', 'createRideNDineOrder']);
  });

  it('is not tried again after a definite refusal', async () => {
    let attempts = 0;
    const scenario = await newScenario('validateCheckout', () => {
      attempts += 1;
      throw ApplicationFailure.nonRetryable('The quote has expired.', 'QuoteExpired');
    });

    const events = await eventsOf(scenario);

    expect(attempts).toBe(1);
    expect(activitiesIn(events)).toEqual([]);
    expect(events.at(-1)?.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.type).toBe(
      'QuoteExpired',
    );
  });
});

/** @param before called before each attempt at `step`. */
async function newScenario(step?: LocalStep, before: () => void = () => {}): Promise<Scenario> {
  const nowMs = await temporal.environment.currentTimeMs();
  const scenario = createScenario({ request: newCheckoutRequest(), nowMs });
  if (step === undefined) return scenario;
  const usual = { ...scenario.activities };
  scenario.activities[step] = (async (input: never) => {
    before();
    return await (usual[step] as (value: never) => unknown)(input);
  }) as OrderCreationActivities[LocalStep] as never;
  return scenario;
}

async function eventsOf(scenario: Scenario) {
  return await temporal.run(scenario, async (handle: WorkflowHandle) => {
    await handle.result().catch(() => {});
    return (await handle.fetchHistory()).events ?? [];
  });
}

async function stagesOf(scenario: Scenario): Promise<string[]> {
  return (await eventsOf(scenario)).flatMap(({ upsertWorkflowSearchAttributesEventAttributes: upsert }) => {
    const data = upsert?.searchAttributes?.indexedFields?.[searchAttributes.stage.name]?.data;
    return data ? [JSON.parse(Buffer.from(data).toString()) as string] : [];
  });
}

function activitiesIn(events: Awaited<ReturnType<typeof eventsOf>>): unknown[] {
  return events.flatMap(({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType?.name ?? []);
}

function directusDown(): ApplicationFailure {
  return ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
}
