import { crashNames } from './crashes.ts';
import type { CrashKind } from './crashes.ts';
import type { Moment, Step } from './held-orders.ts';

export interface Drill {
  /** For a person. */
  name: string;
  crash: CrashKind;
  /** One order each is held there when the crash comes. */
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
/** In drills of their own: to hold Directus' answers, everything else in Directus has to wait. */
const answersOfDirectus: [Step, Moment][] = [
  ['createOrderRecord', 'after'],
  ['saveLinkIds', 'after'],
];

/** Each kind of crash in each step, before and after the step's effect. */
export const drills: Drill[] = [
  ...(['worker', 'temporal', 'directus'] as const).flatMap((crash) => [
    { name: crashNames[crash], crash, moments: everyStep },
    { name: `${crashNames[crash]} when Directus has written`, crash, moments: answersOfDirectus },
  ]),
  // Nobody else talks to RideNDine.
  { name: crashNames.ridendine, crash: 'ridendine', moments: partnerCalls },
];
