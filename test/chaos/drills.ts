import { crashNames } from './crashes.ts';
import type { CrashKind } from './crashes.ts';
import type { Moment, Step } from './held-orders.ts';

export interface Drill {
  /** Part of a test's name. */
  name: string;
  crash: CrashKind;
  /** At the crash, one order is held at each of these. */
  moments: [Step, Moment][];
}

const partnerCalls: [Step, Moment][] = [
  ['createRideNDineOrder', 'before'],
  ['createRideNDineOrder', 'late'],
  ['createRideNDineOrder', 'after'],
];
const everyStep: [Step, Moment][] = [
  ['validateCheckout', 'before'],
  ['createOrderRecord', 'before'],
  ['createOrderRecord', 'late'],
  ...partnerCalls,
  ['saveLinkIds', 'before'],
  ['saveLinkIds', 'late'],
];
/** These have drills of their own, since everything else in Directus has to wait while its answers are held. */
const answersOfDirectus: [Step, Moment][] = [
  ['createOrderRecord', 'after'],
  ['saveLinkIds', 'after'],
];

/** Crashes of worker, Temporal and Directus in every step, of RideNDine in its step: before and after the effect. */
export const drills: Drill[] = [
  ...(['worker', 'temporal', 'directus'] as const).flatMap((crash) => [
    { name: crashNames[crash], crash, moments: everyStep },
    { name: `${crashNames[crash]} when Directus has written`, crash, moments: answersOfDirectus },
  ]),
  // Only this step calls RideNDine.
  { name: crashNames.ridendine, crash: 'ridendine', moments: partnerCalls },
];
