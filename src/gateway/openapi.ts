import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { createDocument } from 'zod-openapi';
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { checkoutRequestSchema, hyphenatedUuid } from '../domain/checkout-request.ts';
import { failures } from '../domain/failures.ts';
import { problemCodes } from './problem-codes.ts';
import type { ProblemCode } from './problem-codes.ts';
import { exampleKey, exampleOrder, header, onEveryAnswer, problemResponses } from './openapi-problems.ts';
import {
  decisionForManySchema,
  decisionOutcomeSchema,
  decisionSchemas,
  manyDecidedSchema,
  orderStateSchema,
} from './operator-bodies.ts';
import type { DecisionOutcome, ManyDecided, OrderStateBody } from './operator-bodies.ts';
import {
  createdOrderSchema,
  healthSchema,
  orderInProgressSchema,
  orderViewSchema,
  readinessSchema,
} from './response-bodies.ts';
import type { OrderInProgressBody, OrderViewBody, Readiness } from './response-bodies.ts';

/** Of the HTTP interface; a change that breaks a caller raises the first number and the `/v1` of the addresses. */
const API_VERSION = '1.0.0';

const exampleInProgress: OrderInProgressBody = {
  state: 'IN_PROGRESS',
  stage: 'CREATING_RIDENDINE_ORDER',
  order_id: exampleOrder.order_id,
};
const exampleInReview: OrderInProgressBody = {
  ...exampleInProgress,
  stage: 'NEEDS_REVIEW',
  failure: { code: 'RideNDineUnavailable' },
};
const exampleSucceeded: OrderViewBody = { state: 'SUCCEEDED', stage: 'LINKED', ...exampleOrder };
const exampleFailed: OrderViewBody = {
  state: 'FAILED',
  stage: 'FAILED',
  order_id: exampleOrder.order_id,
  failure: { code: 'RideNDineRejected', detail: failures.RideNDineRejected.meaning },
};
const exampleReadiness: Readiness = { status: 'ok', workers: 2 };
const delivery = {
  customer_id: 'c00c0000-0000-4000-8000-000000000201',
  quote_id: 'quote-0b8f6a52',
  fulfillment_method: 'DELIVERY' as const,
  shipping_snapshot: { address: '100 Example Street, Apartment 4B', lat: 40.7128, lng: -74.006 },
  customer_note: 'Please no cutlery.',
};
const pickup = {
  customer_id: 'c00c0000-0000-4000-8000-000000000201',
  quote_id: 'quote-0b8f6a53',
  fulfillment_method: 'PICKUP' as const,
};

const { shape } = checkoutRequestSchema;
const onEveryCheckout = {
  customer_id: shape.customer_id.meta({ description: 'The customer whom you have authenticated.' }),
  quote_id: shape.quote_id.meta({ description: 'The quote that the customer confirms. It makes one order.' }),
  customer_note: shape.customer_note.meta({ description: 'What the customer adds, for people.' }),
  idempotency_key: hyphenatedUuid.nullish().meta({ description: 'If it is given, that of the header.' }),
};
/** What the rules of a checkout ask for (`checkCheckout`), beside whatever else a caller keeps. */
const deliveryAddress = z
  .looseObject({
    address: z.string().min(1).meta({ description: 'As RideNDine is to find it.' }),
    lat: z.number().min(-90).max(90),
    lng: z.number().min(-180).max(180),
  })
  .meta({ id: 'ShippingSnapshot', description: 'Where it goes, besides whatever else you keep with the order.' });
/** The domain's request with the key in a header, one schema for each kind of order. */
const requestBodySchema = z
  .discriminatedUnion('fulfillment_method', [
    z
      .strictObject({
        fulfillment_method: z.literal('DELIVERY').meta({ description: 'As in the quote.' }),
        shipping_snapshot: deliveryAddress,
        ...onEveryCheckout,
      })
      .meta({ id: 'DeliveryCheckout' }),
    z
      .strictObject({
        fulfillment_method: z.literal('PICKUP').meta({ description: 'As in the quote.' }),
        ...onEveryCheckout,
      })
      .meta({ id: 'PickupCheckout', description: 'Without a shipping_snapshot; null is as good as none.' }),
  ])
  .meta({ id: 'Checkout' });

const json = (schema: z.ZodType, examples: Record<string, unknown>) => ({
  'application/json': { schema, examples: mapValues(examples, (value) => ({ value })) },
});

/** Of the requests that never reach a route, and of those that fail for no reason of theirs. */
const anywhere: ProblemCode[] = [
  'MalformedRequest',
  'MethodNotAllowed',
  'RequestTimeout',
  'PayloadTooLarge',
  'UnsupportedMediaType',
  'HeadersTooLarge',
  'InternalError',
];
const onOrders: ProblemCode[] = [
  'Unauthorized',
  'TooManyRequests',
  'ClientClosed',
  'GatewayOverloaded',
  'TemporalUnavailable',
];

const checkoutExamples = { delivery: { value: delivery }, pickup: { value: pickup } };
const uuid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';
const keyHeader = z
  .string()
  // Not `format: uuid`: generators would make it a type of its own, which no header takes.
  .regex(new RegExp(`^(${uuid}|"${uuid}")$`))
  .meta({
    description:
      'A UUID, bare or quoted: new for each checkout, and the same for every time that this checkout is sent.',
    example: exampleKey,
  });
const keyInPath = hyphenatedUuid.meta({ description: 'The idempotency key of the checkout.', example: exampleKey });
const traceHeadersWith = (use: string) => ({
  'X-Request-Id': z
    .string()
    .optional()
    .meta({ description: 'Letters, digits, _, . and -, at most 128; anything else is replaced.' }),
  traceparent: z
    .string()
    .optional()
    .meta({ description: `W3C Trace Context; ${use}.` }),
});
const traceHeaders = traceHeadersWith('handed on to the order creation');
const operatorTraceHeaders = traceHeadersWith('this request becomes part of the trace');

const postOrder: ZodOpenApiOperationObject = {
  operationId: 'createOrder',
  tags: ['Orders'],
  summary: 'Create the order of a confirmed checkout, and wait for its payment session',
  description:
    'Sent again with the same key it never makes a second order: send it again until the answer is final (anything but 202 and what is retryable).',
  security: [{ bearer: [] }],
  requestParams: {
    header: z.object({
      'Idempotency-Key': keyHeader,
      Prefer: z
        .string()
        .optional()
        .meta({ description: 'wait=N: wait at most N seconds (RFC 7240).', example: 'wait=5' }),
      ...traceHeaders,
    }),
  },
  requestBody: {
    required: true,
    content: { 'application/json': { schema: requestBodySchema, examples: checkoutExamples } },
  },
  responses: {
    200: {
      description: 'The order is linked; another request with this key began it.',
      headers: z.object({
        ...onEveryAnswer,
        Location: header.location,
        'Idempotent-Replayed': header.replayed,
      }),
      content: json(createdOrderSchema, { linked: exampleOrder }),
    },
    201: {
      description: 'The order is linked.',
      headers: z.object({ ...onEveryAnswer, Location: header.location }),
      content: json(createdOrderSchema, { linked: exampleOrder }),
    },
    202: {
      description: 'The order creation goes on: ask again, with the same request or at Location.',
      headers: z.object({ ...onEveryAnswer, Location: header.location, 'Retry-After': header.retryAfter }),
      content: json(orderInProgressSchema, { inProgress: exampleInProgress, inReview: exampleInReview }),
    },
    ...problemResponses('createOrder', [
      ...anywhere,
      ...onOrders,
      'IdempotencyKeyInvalid',
      ...problemCodes.filter((code) => code in failures),
    ]),
  },
};

const getOrder: ZodOpenApiOperationObject = {
  operationId: 'getOrder',
  tags: ['Orders'],
  summary: 'How the order creation with this key stands',
  description: 'It begins nothing and waits for nothing: ask as often as Retry-After says.',
  security: [{ bearer: [] }],
  requestParams: { path: z.object({ key: keyInPath }), header: z.object(traceHeaders) },
  responses: {
    200: {
      description: 'How it stands. While it is in progress, Retry-After says when to ask again.',
      headers: z.object({ ...onEveryAnswer, 'Retry-After': header.retryAfter.optional() }),
      content: json(orderViewSchema, {
        inProgress: exampleInProgress,
        inReview: exampleInReview,
        succeeded: exampleSucceeded,
        failed: exampleFailed,
      }),
    },
    ...problemResponses('getOrder', [
      ...anywhere,
      ...onOrders,
      'IdempotencyKeyInvalid',
      'OrderNotFound',
      'NotFound',
      'UriTooLong',
    ]),
  },
};

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

const getState: ZodOpenApiOperationObject = {
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

const postDecision: ZodOpenApiOperationObject = {
  operationId: 'decide',
  tags: ['Operators'],
  summary: 'Decide about an order, and wait for what comes of it',
  description:
    'retry, link and abandon are for an order in review, cancel for one that RideNDine has not answered, correct-link for one that is linked to wrong ids. Sent again with the same Idempotency-Key, the same request is not carried out again and is answered as the first. Without that header, every request is a decision of its own.',
  security: [{ operator: [] }],
  requestParams: {
    path: orderInPath,
    header: z.object({
      'Idempotency-Key': keyHeader
        .optional()
        .meta({ description: 'A UUID of this decision, bare or quoted; not the key of the checkout.' }),
      ...operatorTraceHeaders,
    }),
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

const postDecisionForMany: ZodOpenApiOperationObject = {
  operationId: 'decideAboutMany',
  tags: ['Operators'],
  summary: 'Decide about many orders in review, and wait a moment for what comes of it',
  description:
    'A few orders in each second, as BULK_DECISIONS_PER_SECOND says. It goes on by itself after the answer 202. Sent again with the same Idempotency-Key it is the same decision.',
  security: [{ operator: [] }],
  requestParams: {
    header: z.object({
      'Idempotency-Key': keyHeader
        .optional()
        .meta({ description: 'A UUID of this decision, bare or quoted; not the key of the checkout.' }),
      ...operatorTraceHeaders,
    }),
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

const getDecisionForMany: ZodOpenApiOperationObject = {
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

/** The OpenAPI 3.1 document of this service. */
export function openApiDocument() {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'COOCO order creation',
      version: API_VERSION,
      description: 'One confirmed checkout becomes one order in Directus and one at RideNDine, linked to each other.',
      contact: { name: 'Whoever runs order creation at COOCO' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: [
      { name: 'Orders', description: 'For teams that place orders.' },
      { name: 'Operators', description: 'For people who look after orders, with keys of their own.' },
      { name: 'Monitoring', description: 'For whoever runs the gateway. Not to be reached from outside.' },
    ],
    // Relative: wherever this document came from.
    servers: [{ url: '/' }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        operator: { type: 'http', scheme: 'bearer', description: 'One of OPERATOR_API_KEYS.' },
      },
    },
    paths: {
      '/v1/orders': { post: postOrder },
      '/v1/orders/{key}': { get: getOrder },
      '/v1/operations/orders/{order_id}': { get: getState },
      '/v1/operations/orders/{order_id}/decisions': { post: postDecision },
      '/v1/operations/decisions': { post: postDecisionForMany },
      '/v1/operations/decisions/{id}': { get: getDecisionForMany },
      '/healthz': {
        get: operation('isAlive', {
          summary: 'Whether the process runs',
          description: 'Restart it if this does not answer.',
          content: json(healthSchema, { ok: { status: 'ok' } }),
        }),
      },
      '/readyz': {
        get: operation('isReady', {
          summary: 'Whether orders are taken',
          description: 'They are while Temporal answers. Without a worker they wait.',
          content: json(readinessSchema, { ready: exampleReadiness }),
          codes: ['TemporalUnavailable'],
        }),
      },
      '/metrics': {
        get: operation('getMetrics', {
          summary: 'Metrics for Prometheus',
          description: 'docs/gateway.md lists them.',
          content: { 'text/plain': { schema: z.string() } },
        }),
      },
      '/openapi.json': {
        get: operation('getOpenApi', {
          summary: 'This document',
          description: 'Made from the schemas by which the gateway reads and answers.',
          content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } },
        }),
      },
    },
  });
}

function operation(
  operationId: string,
  {
    summary,
    description,
    content,
    codes = [],
  }: {
    summary: string;
    description: string;
    content: NonNullable<ZodOpenApiResponseObject['content']>;
    codes?: ProblemCode[];
  },
): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ['Monitoring'],
    summary,
    description,
    // None is asked for.
    security: [],
    responses: {
      200: { description: STATUS_CODES[200] ?? '', headers: z.object(onEveryAnswer), content },
      ...problemResponses(operationId, [...anywhere, ...codes]),
    },
  };
}

function mapValues<From, To>(values: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
