import { z } from 'zod';
import { decisionsForMany } from '../contract/bulk-decision.ts';
import { decisionNames } from '../contract/decisions.ts';
import type { DecisionName } from '../contract/decisions.ts';
import { orderCreationStages } from '../contract/runs.ts';
import { LONGEST_WORDS } from '../contract/updates.ts';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { longestLinkId } from '../domain/order.ts';
import { failureCode, orderId, paymentSessionId, ridendineOrderId } from './response-bodies.ts';

// Schemas of what operators send to the gateway and what it answers: for its code and for the OpenAPI document.

const onEveryDecision = {
  actor: z.string().min(1).max(LONGEST_WORDS).meta({ description: 'Who decides. It is kept with the order.' }),
  reason: z
    .string()
    .min(1)
    .max(LONGEST_WORDS)
    .meta({ description: 'Why, such as a ticket number. Nothing of a customer.' }),
  idempotency_key: hyphenatedUuid.optional().meta({
    description:
      "The order's, as Directus has it. With it, the link of an order can be corrected that Temporal has forgotten.",
  }),
};
const foundIds = {
  ridendine_order_id: z
    .string()
    .min(1)
    .max(longestLinkId.ridendine_order_id)
    .meta({ description: "RideNDine's id of the order." }),
  payment_session_id: z
    .string()
    .min(1)
    .max(longestLinkId.payment_session_id)
    .meta({ description: "RideNDine's id of the payment." }),
  ids_checked: z
    .boolean()
    .optional()
    .meta({ description: 'Needed for ids that look unlike those of other orders: they were compared with RideNDine.' }),
};

/** The body of a decision, by its name. */
export const decisionSchemas = {
  retry: z.strictObject({ decision: z.literal('retry'), ...onEveryDecision }).meta({ id: 'RetryDecision' }),
  link: z.strictObject({ decision: z.literal('link'), ...onEveryDecision, ...foundIds }).meta({ id: 'LinkDecision' }),
  abandon: z.strictObject({ decision: z.literal('abandon'), ...onEveryDecision }).meta({ id: 'AbandonDecision' }),
  cancel: z.strictObject({ decision: z.literal('cancel'), ...onEveryDecision }).meta({ id: 'CancelDecision' }),
  'correct-link': z
    .strictObject({ decision: z.literal('correct-link'), ...onEveryDecision, ...foundIds })
    .meta({ id: 'CorrectLinkDecision' }),
} satisfies Record<DecisionName, z.ZodObject>;

/** Body of `200` and `202` to a decision. */
export const decisionOutcomeSchema = z
  .object({
    order_id: orderId,
    decision: z.enum(decisionNames),
    state: z.enum(['DONE', 'UNDER_WAY']),
    message: z.string().meta({ description: 'The result, in a sentence for the person who decided.' }),
  })
  .meta({ id: 'DecisionOutcome' });
export type DecisionOutcome = z.output<typeof decisionOutcomeSchema>;

/** How many orders one request can name at most. */
const MOST_NAMED = 1000;

/** Body of a decision about many orders. */
export const decisionForManySchema = z
  .strictObject({
    decision: z.enum(decisionsForMany),
    actor: onEveryDecision.actor,
    reason: onEveryDecision.reason,
    order_ids: z
      .array(hyphenatedUuid)
      .min(1)
      .max(MOST_NAMED)
      .meta({ description: 'Orders in review. Others among them are left as they are.' }),
  })
  .meta({ id: 'DecisionForMany' });

/** Body of `200` and `202` to a decision about many orders. */
export const manyDecidedSchema = z
  .object({
    id: z.string().meta({ description: 'The id to ask for its progress.' }),
    state: z.enum(['DONE', 'UNDER_WAY', 'STOPPED']),
    decided: z.number().int().optional().meta({ description: 'Orders on which it was carried out.' }),
    refused: z
      .array(z.object({ order_id: z.string(), reason: z.string() }))
      .optional()
      .meta({ description: 'Orders that did not take it, each with the reason in a sentence.' }),
    left: z.number().int().optional().meta({ description: 'Orders that have not had their turn.' }),
    not_in_review: z
      .array(z.string())
      .optional()
      .meta({ description: 'Orders that were named and are not in review.' }),
    message: z.string().meta({ description: 'All of it, for the person who decided.' }),
  })
  .meta({ id: 'ManyDecided' });
export type ManyDecided = z.output<typeof manyDecidedSchema>;

/** Body of `200` to `GET /v1/operations/orders/{order_id}`: how an order stands, for operators. */
export const orderStateSchema = z
  .object({
    order_id: orderId,
    workflow_id: z.string().meta({ description: 'By which the Temporal UI knows the order.' }),
    run: z.enum(['OPEN', 'ENDED']).meta({ description: 'Whether the latest run goes on.' }),
    stage: z
      .enum(orderCreationStages)
      .optional()
      .meta({ description: 'How far it has come; none if somebody started the run by hand and no worker answers.' }),
    ridendine_order_id: ridendineOrderId.optional(),
    payment_session_id: paymentSessionId.optional(),
    failure: z
      .object({
        code: failureCode,
        reason: z.string().optional().meta({ description: 'In a sentence. Missing while no worker answers.' }),
      })
      .optional()
      .meta({ description: 'Why the order has failed or is in review, if it is.' }),
    review_overdue: z
      .literal(true)
      .optional()
      .meta({ description: 'The order has been in review for longer than REVIEW_WINDOW.' }),
  })
  .meta({ id: 'OrderState' });
export type OrderStateBody = z.output<typeof orderStateSchema>;
