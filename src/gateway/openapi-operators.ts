import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { exampleKey, exampleOrder, onEveryAnswer, problemResponses } from './openapi-problems.ts';
import { anywhere, json, keyHeader, traceHeadersWith } from './openapi-parts.ts';
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
const exampleState: OrderStateBody = {
  order_id: exampleOrder.order_id,
  workflow_id: `order-creation-${exampleKey}`,
  run: 'OPEN',
  stage: 'NEEDS_REVIEW',
  failure: { code: 'RideNDineUnavailable', reason: 'RideNDine answered 503.' },
};

export const getState: ZodOpenApiOperationObject = {
  operationId: 'getState',
  tags: ['Operators'],
  summary: 'How an order stands, for those who look after it',
  description:
    'It tells nothing about the customer. What only the run itself knows is missing while no worker answers.',
  security: [{ operator: [] }],
  requestParams: { path: orderInPath, header: z.object(operatorTraceHeaders) },
  responses: {
    200: {
      description: 'How it stands.',
      headers: z.object(onEveryAnswer),
      content: json(orderStateSchema, { inReview: exampleState }),
    },
    ...problemResponses('getState', [...anywhere, ...onOperations]),
  },
};

export const postDecision: ZodOpenApiOperationObject = {
  operationId: 'decide',
  tags: ['Operators'],
  summary: 'Decide about an order, and wait for what comes of it',
  description:
    'retry, link and abandon are for an order in review, cancel for one that RideNDine has not answered, correct-link for one that is linked to wrong ids. Sent again with the same Idempotency-Key, the same request is not carried out again and is answered as the first. Without that header, every request is a decision of its own.',
  security: [{ operator: [] }],
  requestParams: {
    path: orderInPath,
    header: decisionHeaders,
  },
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: decisionSchema,
        examples: {
          retry: { value: { decision: 'retry', actor: 'agent-7', reason: 'Ticket 1234' } },
          link: {
            value: {
              decision: 'link',
              actor: 'agent-7',
              reason: 'Ticket 1234',
              ridendine_order_id: exampleOrder.ridendine_order_id,
              payment_session_id: exampleOrder.payment_session_id,
            },
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'It was carried out.',
      headers: z.object(onEveryAnswer),
      content: json(decisionOutcomeSchema, { done: exampleOutcome }),
    },
    202: {
      description: 'It was taken and is not carried out yet: look at the order.',
      headers: z.object(onEveryAnswer),
      content: json(decisionOutcomeSchema, { underWay: exampleUnderWay }),
    },
    ...problemResponses('decide', [
      ...anywhere,
      ...onOperations,
      'IdempotencyKeyInvalid',
      'DecisionInvalid',
      'DecisionNotSent',
      'DecisionUnanswered',
    ]),
  },
};

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

export const postDecisionForMany: ZodOpenApiOperationObject = {
  operationId: 'decideAboutMany',
  tags: ['Operators'],
  summary: 'Decide about many orders in review, and wait a moment for what comes of it',
  description:
    'A few orders in each second, as BULK_DECISIONS_PER_SECOND says. It goes on by itself after the answer 202. Sent again with the same Idempotency-Key it is the same decision.',
  security: [{ operator: [] }],
  requestParams: {
    header: decisionHeaders,
  },
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: decisionForManySchema,
        examples: {
          retry: {
            value: { decision: 'retry', actor: 'agent-7', reason: 'Ticket 1234', order_ids: [exampleOrder.order_id] },
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'All orders had their turn, or somebody has stopped it.',
      headers: z.object(onEveryAnswer),
      content: json(manyDecidedSchema, { done: exampleMany }),
    },
    202: {
      description: 'It goes on by itself.',
      headers: z.object(onEveryAnswer),
      content: json(manyDecidedSchema, { underWay: exampleManyUnderWay }),
    },
    ...problemResponses('decideAboutMany', [
      ...anywhere,
      ...onOperations.filter((code) => code !== 'NotFound' && code !== 'UriTooLong'),
      'IdempotencyKeyInvalid',
      'DecisionInvalid',
      'DecisionNotSent',
      'DecisionUnanswered',
    ]),
  },
};

export const getDecisionForMany: ZodOpenApiOperationObject = {
  operationId: 'getDecisionForMany',
  tags: ['Operators'],
  summary: 'How far a decision about many orders is',
  description: 'It waits for nothing.',
  security: [{ operator: [] }],
  requestParams: {
    path: z.object({ id: hyphenatedUuid.meta({ description: 'The id of the decision.', example: decisionId }) }),
    header: z.object(operatorTraceHeaders),
  },
  responses: {
    200: {
      description: 'How far it is.',
      headers: z.object(onEveryAnswer),
      content: json(manyDecidedSchema, { underWay: exampleManyUnderWay, done: exampleMany }),
    },
    ...problemResponses('getDecisionForMany', [...anywhere, ...onOperations]),
  },
};
