import { z } from 'zod';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { failures } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import { orderCreationStages } from '../contract/runs.ts';
import { problemCodes } from './problem-codes.ts';

// What the gateway answers: the types of its replies and the schemas of its OpenAPI document.

export const failureCode = z
  .enum(Object.keys(failures) as [FailureCode, ...FailureCode[]])
  .meta({ id: 'FailureCode', description: 'docs/failures.md tells what each means.' });
const stage = z.enum(orderCreationStages).meta({ id: 'Stage', description: 'How far the order creation has come.' });
export const orderId = hyphenatedUuid.meta({ description: "The order's id in COOCO's Directus." });
export const ridendineOrderId = z.string().min(1).meta({ description: "The order's id at RideNDine." });
export const paymentSessionId = z.string().min(1).meta({ description: 'What the customer pays with.' });

/** The ids of an order, as far as they are known. */
const idsSoFar = {
  order_id: orderId.optional(),
  ridendine_order_id: ridendineOrderId.optional(),
  payment_session_id: paymentSessionId.optional(),
};

const linkedOrder = {
  order_id: orderId,
  ridendine_order_id: ridendineOrderId,
  payment_session_id: paymentSessionId,
  status: z.string().meta({
    description:
      'Status of the order when its ids were saved or corrected. Once Temporal has forgotten that run: its status now.',
  }),
  payment_status: z.string().meta({ description: 'Its payment status at the same time.' }),
};

/** Body of `201` and `200` to `POST /v1/orders`. */
export const createdOrderSchema = z.object(linkedOrder).meta({ id: 'CreatedOrder' });
export type CreatedOrder = z.output<typeof createdOrderSchema>;

export const orderInProgressSchema = z
  .object({
    state: z.literal('IN_PROGRESS'),
    stage,
    ...idsSoFar,
    failure: z
      .object({ code: failureCode })
      .optional()
      .meta({ description: 'Why the order waits for support staff, if it does.' }),
  })
  .meta({ id: 'OrderInProgress', description: 'The order creation goes on, with or without a caller.' });
export type OrderInProgressBody = z.output<typeof orderInProgressSchema>;

const orderSucceededSchema = z
  .object({ state: z.literal('SUCCEEDED'), stage: z.literal('LINKED'), ...linkedOrder })
  .meta({ id: 'OrderSucceeded' });

const quoteUserSchema = z.object({ order_id: orderId, idempotency_key: hyphenatedUuid }).meta({
  id: 'QuoteUser',
  description: "The customer's own order that was made from the quote. GET /v1/orders/{key} tells how it stands.",
});

const orderFailedSchema = z
  .object({
    state: z.literal('FAILED'),
    stage,
    ...idsSoFar,
    failure: z.object({ code: failureCode, detail: z.string(), used_by: quoteUserSchema.optional() }),
  })
  .meta({ id: 'OrderFailed', description: 'The checkout did not become an order.' });

/** Body of `200` to `GET /v1/orders/{key}`. The body of `202` to `POST /v1/orders` is its variant `IN_PROGRESS`. */
export const orderViewSchema = z
  .discriminatedUnion('state', [orderInProgressSchema, orderSucceededSchema, orderFailedSchema])
  .meta({ id: 'OrderView' });
export type OrderViewBody = z.output<typeof orderViewSchema>;

const checkoutProblemSchema = z
  .object({
    code: failureCode,
    field: z.string().meta({ description: 'Path of what is wrong.', example: 'shipping_snapshot.lat' }),
    detail: z.string(),
  })
  .meta({ id: 'CheckoutProblem' });

export const problemSchema = z.object({
  type: z.string().meta({ description: 'Identifies the problem: urn:cooco:problem:{code}. See docs/problems.md.' }),
  title: z.string().meta({ description: 'What the code means; the same for every occurrence.' }),
  status: z.int(),
  detail: z.string().meta({ description: 'What is wrong with this request. It repeats nothing that was sent.' }),
  code: z.enum(problemCodes),
  retryable: z
    .boolean()
    .meta({ description: 'Whether to send the same request again, with the same key if it had one.' }),
  problems: z
    .array(checkoutProblemSchema)
    .optional()
    .meta({ description: 'Every rule that the checkout breaks, where there are several.' }),
  used_by: quoteUserSchema.optional(),
});

export const healthSchema = z.object({ status: z.literal('ok') });
export const readinessSchema = z.object({
  status: z.literal('ok'),
  workers: z
    .union([z.int().min(1), z.literal('none')])
    .meta({ description: 'How many workers have asked for orders of late. Without any, orders wait.' }),
  calls_to_ridendine: z
    .literal('paused')
    .optional()
    .meta({ description: 'Only while somebody has paused them. Orders are taken, and wait.' }),
});
export type Readiness = z.output<typeof readinessSchema>;
