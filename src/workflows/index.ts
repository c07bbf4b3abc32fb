/** The workflows that a worker runs. */
export { bulkDecision } from './bulk-decision.ts';
export { linkCorrection } from './link-correction.ts';
export { orderCreation } from './order-creation.ts';
export { orderSweep } from './order-sweep.ts';
export { partnerPause } from './partner-pause.ts';
