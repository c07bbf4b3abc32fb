import { z } from 'zod';
import { createDocument } from 'zod-openapi';
import { checkoutRequestSchema, hyphenatedUuid } from '../domain/checkout-request.ts';
import { failures } from '../domain/failures.ts';
import { problemCodes } from './problem-codes.ts';
import type { ProblemCode } from './problem-codes.ts';
import { getDecisionForMany, getState, postDecision, postDecisionForMany } from './openapi-operators.ts';
import { answer, json, keyHeader, operation, traceHeadersWith } from './openapi-parts.ts';
import { exampleKey, exampleOrder, header } from './openapi-problems.ts';
import {
  createdOrderSchema,
  healthSchema,
  orderInProgressSchema,
  orderViewSchema,
  readinessSchema,
} from './response-bodies.ts';
import type { OrderInProgressBody, OrderViewBody, Readiness } from './response-bodies.ts';

/** Version of the HTTP interface. A change that breaks callers raises the first number and the `/v1` in addresses. */
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
/** The fields that the checkout rules require (`checkCheckout`). A caller may add any other fields. */
const deliveryAddress = z
  .looseObject({
    address: z.string().min(1).meta({ description: 'As RideNDine is to find it.' }),
    lat: z.number().min(-90).max(90),
    lng: z.number().min(-180).max(180),
  })
  .meta({ id: 'ShippingSnapshot', description: 'Where it goes, besides whatever else you keep with the order.' });
/** The domain's checkout request, one schema for each kind of order. The key is in a header, and optional here. */
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

const onOrders: ProblemCode[] = [
  'Unauthorized',
  'TooManyRequests',
  'ClientClosed',
  'GatewayOverloaded',
  'TemporalUnavailable',
];

const keyInPath = hyphenatedUuid.meta({ description: 'The idempotency key of the checkout.', example: exampleKey });
const traceHeaders = traceHeadersWith('handed on to the order creation');
const postOrder = operation('createOrder', 'Orders', {
  summary: 'Create the order of a confirmed checkout, and wait for its payment session',
  description:
    'Sent again with the same key it never makes a second order: send it again until the answer is final (anything but 202 and what is retryable).',
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
  requestBody: { required: true, content: json(requestBodySchema, { delivery, pickup }) },
  answers: {
    200: answer(
      'The order is linked; another request with this key began it.',
      json(createdOrderSchema, { linked: exampleOrder }),
      { Location: header.location, 'Idempotent-Replayed': header.replayed },
    ),
    201: answer('The order is linked.', json(createdOrderSchema, { linked: exampleOrder }), {
      Location: header.location,
    }),
    202: answer(
      'The order creation goes on: ask again, with the same request or at Location.',
      json(orderInProgressSchema, { inProgress: exampleInProgress, inReview: exampleInReview }),
      { Location: header.location, 'Retry-After': header.retryAfter },
    ),
  },
  problems: [...onOrders, 'IdempotencyKeyInvalid', ...problemCodes.filter((code) => code in failures)],
});

const getOrder = operation('getOrder', 'Orders', {
  summary: 'How the order creation with this key stands',
  description: 'It begins nothing and waits for nothing: ask as often as Retry-After says.',
  requestParams: { path: z.object({ key: keyInPath }), header: z.object(traceHeaders) },
  answers: {
    200: answer(
      'How it stands. While it is in progress, Retry-After says when to ask again.',
      json(orderViewSchema, {
        inProgress: exampleInProgress,
        inReview: exampleInReview,
        succeeded: exampleSucceeded,
        failed: exampleFailed,
      }),
      { 'Retry-After': header.retryAfter.optional() },
    ),
  },
  problems: [...onOrders, 'IdempotencyKeyInvalid', 'OrderNotFound', 'NotFound', 'UriTooLong'],
});

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
    // Relative: the server that has served this document.
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
        get: operation('isAlive', 'Monitoring', {
          summary: 'Whether the process runs',
          description: 'Restart it if this does not answer.',
          answers: { 200: answer('OK', json(healthSchema, { ok: { status: 'ok' } })) },
        }),
      },
      '/readyz': {
        get: operation('isReady', 'Monitoring', {
          summary: 'Whether orders are taken',
          description: 'They are while Temporal answers. Without a worker they wait.',
          answers: { 200: answer('OK', json(readinessSchema, { ready: exampleReadiness })) },
          problems: ['TemporalUnavailable'],
        }),
      },
      '/metrics': {
        get: operation('getMetrics', 'Monitoring', {
          summary: 'Metrics for Prometheus',
          description: 'Each metric says what it is in its `# HELP` line.',
          answers: { 200: answer('OK', { 'text/plain': { schema: z.string() } }) },
        }),
      },
      '/openapi.json': {
        get: operation('getOpenApi', 'Monitoring', {
          summary: 'This document',
          description: 'Made from the schemas by which the gateway reads and answers.',
          answers: { 200: answer('OK', { 'application/json': { schema: z.record(z.string(), z.unknown()) } }) },
        }),
      },
    },
  });
}
