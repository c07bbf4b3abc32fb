/** The workflows that a worker runs. */
export { orderCreation } from './order-creation.ts';
export { orderSweep } from './order-sweep.ts';
