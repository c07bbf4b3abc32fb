import { z } from 'zod';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { exampleKey, exampleOrder } from './openapi-problems.ts';
import { answer, json, keyHeader, operation, traceHeadersWith } from './openapi-parts.ts';
import {
  decisionForManySchema,
  decisionOutcomeSchema,
  decisionSchemas,
  manyDecidedSchema,
  orderStateSchema,
} from './operator-bodies.ts';
import type { DecisionOutcome, ManyDecided, OrderStateBody } from './operator-bodies.ts';
import type { ProblemCode } from './problem-codes.ts';

// The operations for operators, in the OpenAPI document.

const operatorTraceHeaders = traceHeadersWith('this request becomes part of the trace');
const decisionHeaders = z.object({
  'Idempotency-Key': keyHeader
    .optional()
    .meta({ description: 'A UUID of this decision, bare or quoted; not the key of the checkout.' }),
  ...operatorTraceHeaders,
});

const decisionSchema = z
  .discriminatedUnion('decision', [
    decisionSchemas.retry,
    decisionSchemas.link,
    decisionSchemas.abandon,
    decisionSchemas.cancel,
    decisionSchemas['correct-link'],
  ])
  .meta({ id: 'Decision' });
const exampleOutcome: DecisionOutcome = {
  order_id: exampleOrder.order_id,
  decision: 'retry',
  state: 'DONE',
  message: `Done: the order ${exampleOrder.order_id} goes on, and RideNDine is asked once more.`,
};
const exampleUnderWay: DecisionOutcome = {
  ...exampleOutcome,
  state: 'UNDER_WAY',
  message: 'The decision was taken, and is not carried out yet, perhaps because Directus cannot be reached.',
};

const orderInPath = z.object({
  order_id: hyphenatedUuid.meta({ description: 'The id of the order.', example: exampleOrder.order_id }),
});
const onOperations: ProblemCode[] = [
  'Unauthorized',
  'TooManyRequests',
  'OrderNotFound',
  'NotFound',
  'UriTooLong',
  'DecisionRefused',
  'GatewayMisconfigured',
  'GatewayOverloaded',
  'TemporalUnavailable',
];
const onDecisions: ProblemCode[] = [
  'IdempotencyKeyInvalid',
  'DecisionInvalid',
  'DecisionNotSent',
  'DecisionUnanswered',
];
const exampleState: OrderStateBody = {
  order_id: exampleOrder.order_id,
  workflow_id: `order-creation-${exampleKey}`,
  run: 'OPEN',
  stage: 'NEEDS_REVIEW',
  failure: { code: 'RideNDineUnavailable', reason: 'RideNDine answered 503.' },
};

export const getState = operation('getState', 'Operators', {
  summary: 'How an order stands, for those who look after it',
  description:
    'It tells nothing about the customer. What only the run itself knows is missing while no worker answers.',
  requestParams: { path: orderInPath, header: z.object(operatorTraceHeaders) },
  answers: { 200: answer('How it stands.', json(orderStateSchema, { inReview: exampleState })) },
  problems: onOperations,
});

export const postDecision = operation('decide', 'Operators', {
  summary: 'Decide about an order, and wait for what comes of it',
  description:
    'retry, link and abandon are for an order in review, cancel for one that RideNDine has not answered, correct-link for one that is linked to wrong ids. Sent again with the same Idempotency-Key, the same request is not carried out again and is answered as the first. Without that header, every request is a decision of its own.',
  requestParams: { path: orderInPath, header: decisionHeaders },
  requestBody: {
    required: true,
    content: json(decisionSchema, {
      retry: { decision: 'retry', actor: 'agent-7', reason: 'Ticket 1234' },
      link: {
        decision: 'link',
        actor: 'agent-7',
        reason: 'Ticket 1234',
        ridendine_order_id: exampleOrder.ridendine_order_id,
        payment_session_id: exampleOrder.payment_session_id,
      },
    }),
  },
  answers: {
    200: answer('It was carried out.', json(decisionOutcomeSchema, { done: exampleOutcome })),
    202: answer(
      'It was taken and is not carried out yet: look at the order.',
      json(decisionOutcomeSchema, { underWay: exampleUnderWay }),
    ),
  },
  problems: [...onOperations, ...onDecisions],
});

const decisionId = '0c7b1b0e-52a5-4d7e-9c1b-3a7f6f3f1d20';
const exampleMany: ManyDecided = {
  id: decisionId,
  state: 'DONE',
  decided: 2,
  refused: [],
  left: 0,
  message: 'Done: 2 of 2 orders.',
};
const exampleManyUnderWay: ManyDecided = {
  ...exampleMany,
  state: 'UNDER_WAY',
  decided: 60,
  left: 440,
  message: `It goes on by itself: 60 of 500 orders. The workflow bulk-decision-${decisionId} in the Temporal UI tells the rest.`,
};

export const postDecisionForMany = operation('decideAboutMany', 'Operators', {
  summary: 'Decide about many orders in review, and wait a moment for what comes of it',
  description:
    'A few orders in each second, as BULK_DECISIONS_PER_SECOND says. It goes on by itself after the answer 202. Sent again with the same Idempotency-Key it is the same decision.',
  requestParams: { header: decisionHeaders },
  requestBody: {
    required: true,
    content: json(decisionForManySchema, {
      retry: { decision: 'retry', actor: 'agent-7', reason: 'Ticket 1234', order_ids: [exampleOrder.order_id] },
    }),
  },
  answers: {
    200: answer(
      'All orders had their turn, or somebody has stopped it.',
      json(manyDecidedSchema, { done: exampleMany }),
    ),
    202: answer('It goes on by itself.', json(manyDecidedSchema, { underWay: exampleManyUnderWay })),
  },
  problems: [...onOperations.filter((code) => code !== 'NotFound' && code !== 'UriTooLong'), ...onDecisions],
});

export const getDecisionForMany = operation('getDecisionForMany', 'Operators', {
  summary: 'How far a decision about many orders is',
  description: 'It waits for nothing.',
  requestParams: {
    path: z.object({ id: hyphenatedUuid.meta({ description: 'The id of the decision.', example: decisionId }) }),
    header: z.object(operatorTraceHeaders),
  },
  answers: {
    200: answer('How far it is.', json(manyDecidedSchema, { underWay: exampleManyUnderWay, done: exampleMany })),
  },
  problems: onOperations,
});
