import type { OrderCreationClient } from '../client/index.ts';

/** The part of the client library that this service uses. */
export type Orders = Pick<OrderCreationClient, 'createOrder' | 'getOrder'>;
