import { z } from 'zod';
import type { FieldProblem } from './problem.ts';

const text = z.string().regex(/\S/, 'must be a text that is not blank');
/** In the currency's minor unit. */
const amount = z.int().min(0);

const line = z.looseObject({
  menu_item_id: text,
  name: text,
  quantity: z.int().min(1),
  unit_price: amount,
});

const fulfillment = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      type: z.literal('DELIVERY'),
      address: text,
      lat: z.number().min(-90).max(90),
      lng: z.number().min(-180).max(180),
    }),
    z.strictObject({ type: z.literal('PICKUP') }),
  ],
  { error: 'must be DELIVERY or PICKUP' },
);

/**
 * The body of POST /orders/create (docs/requirements.md, step 3.3), as a careful partner reads it. It is written down
 * here a second time on purpose: a stand-in that imported COOCO's own schema would agree with every mistake in it.
 */
const orderBody = z
  .strictObject({
    quote_id: text,
    external_order_id: text,
    merchant_id: text,
    customer: z.strictObject({ external_id: text, name: text, phone: text, email: z.email() }),
    fulfillment,
    items: z.array(line).min(1),
    totals: z.looseObject({
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code of three capitals'),
      total: amount,
      subtotal: amount.nullish(),
    }),
  })
  .refine(
    ({ items, totals }) =>
      totals.subtotal === undefined ||
      totals.subtotal === null ||
      totals.subtotal === items.reduce((sum, { quantity, unit_price }) => sum + quantity * unit_price, 0),
    { path: ['totals', 'subtotal'], error: 'must equal the sum of quantity x unit_price' },
  );
type OrderBody = z.output<typeof orderBody>;

export type OrderBodyReading = { accepted: true; body: OrderBody } | { accepted: false; errors: FieldProblem[] };

/** Reads a parsed body, or lists everything that is wrong with it. */
export function readOrderBody(json: unknown): OrderBodyReading {
  const result = orderBody.safeParse(json);
  if (result.success) return { accepted: true, body: result.data };
  return { accepted: false, errors: describeIssues(result.error) };
}

/** One entry for each refused field. zod's messages name what was expected and the type received, never the value. */
export function describeIssues(error: z.ZodError): FieldProblem[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: pointerTo([...issue.path, key]), detail: 'is not a known field' }))
      : [{ pointer: pointerTo(issue.path), detail: issue.message }],
  );
}

function pointerTo(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => encodeURIComponent(String(step).replaceAll('~', '~0').replaceAll('/', '~1')));
  return ['#', ...steps].join('/');
}
