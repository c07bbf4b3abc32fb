import { readSlots, slotVariables } from '../src/config/worker-settings.ts';

/** As the worker is set unless told. */
export const slotsPerWorker = readSlots(slotVariables.parse({}));
