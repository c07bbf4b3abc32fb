import type { OrderCreationClient } from '../client/index.ts';

/** The part of the client library that this service stands on. */
export type Orders = Pick<OrderCreationClient, 'createOrder' | 'getOrder'>;
