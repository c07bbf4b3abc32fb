import { describe, expect, it } from '@jest/globals';
import { checkCheckout } from '../../src/domain/checkout.ts';
import type { CheckoutProblem } from '../../src/domain/checkout.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import type { QuoteRecord } from '../../src/domain/quote.ts';
import { newCart, newCheckoutRequest, newPickupRequest, newQuote } from '../support/builders.ts';

const NOW = new Date('2030-05-01T12:00:00.000Z');
const NEXT_MILLISECOND = '2030-05-01T12:00:00.001Z';

interface Case {
  request: CheckoutRequest;
  quote: QuoteRecord | null;
}

/** A sound checkout. `parts` replaces fields of its request and its quote. */
function delivery(parts: { request?: Partial<CheckoutRequest>; quote?: Partial<QuoteRecord> } = {}): Case {
  const request = newCheckoutRequest(parts.request);
  return { request, quote: newQuote(request, { expires_at: NEXT_MILLISECOND, ...parts.quote }) };
}

function pickup(parts: { request?: Partial<CheckoutRequest>; quote?: Partial<QuoteRecord> } = {}): Case {
  const request = newPickupRequest(parts.request);
  return { request, quote: newQuote(request, { expires_at: NEXT_MILLISECOND, ...parts.quote }) };
}

function shippedTo(snapshot: CheckoutRequest['shipping_snapshot']): Case {
  return delivery({ request: { shipping_snapshot: snapshot } });
}

/** The cart with its second line replaced. The totals have no subtotal, because a subtotal would be wrong too. */
function withLine(line: unknown): Case {
  return delivery({ quote: { items_snapshot: [newCart()[0], line], totals: { currency: 'USD', total: 1300 } } });
}

function withTotals(totals: unknown): Case {
  return delivery({ quote: { totals } });
}

function withCustomer(fields: Partial<NonNullable<QuoteRecord['customer']>>): Case {
  const request = newCheckoutRequest();
  const quote = newQuote(request, { expires_at: NEXT_MILLISECOND });
  if (!quote.customer) throw new Error('The builder gives a customer.');
  return { request, quote: { ...quote, customer: { ...quote.customer, ...fields } } };
}

function problemsOf({ request, quote }: Case): CheckoutProblem[] {
  const checked = checkCheckout(request, quote, NOW);
  return checked.ok ? [] : checked.problems;
}

/** Lists in lists, `levels` deep. */
function nested(levels: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

const line = { menu_item_id: 'dish-2', name: 'Second dish', quantity: 1, unit_price: 100 };

/** Each row: what is wrong, the case, and the code and field of the only problem that is reported. */
const broken: [string, Case, string, string][] = [
  ['no such quote', { ...delivery(), quote: null }, 'QuoteNotFound', 'quote_id'],
  ["another customer's quote", { ...delivery(), quote: newQuote(newCheckoutRequest()) }, 'QuoteNotFound', 'quote_id'],
  ['a quote of nobody', delivery({ quote: { customer: null } }), 'QuoteNotFound', 'quote_id'],

  [
    'a quote that ran out a moment ago',
    delivery({ quote: { expires_at: '2030-05-01T11:59:59.999Z' } }),
    'QuoteExpired',
    'quote_id',
  ],
  [
    'a quote that runs out right now',
    delivery({ quote: { expires_at: '2030-05-01T12:00:00.000Z' } }),
    'QuoteExpired',
    'quote_id',
  ],
  ['no expiry time', delivery({ quote: { expires_at: null } }), 'CheckoutInvalid', 'quote.expires_at'],
  ['an expiry that is no time', delivery({ quote: { expires_at: 'soon' } }), 'CheckoutInvalid', 'quote.expires_at'],
  [
    'an expiry from which no deadline can be counted',
    delivery({ quote: { expires_at: '+275760-09-13T00:00:00.000Z' } }),
    'CheckoutInvalid',
    'quote.expires_at',
  ],
  [
    'an expiry before our era',
    delivery({ quote: { expires_at: '-000043-03-15T00:00:00.000Z' } }),
    'QuoteExpired',
    'quote_id',
  ],

  [
    'a DELIVERY with a PICKUP quote',
    delivery({ quote: { fulfillment_method: 'PICKUP' } }),
    'CheckoutInvalid',
    'fulfillment_method',
  ],
  [
    'a PICKUP with a DELIVERY quote',
    pickup({ quote: { fulfillment_method: 'DELIVERY' } }),
    'CheckoutInvalid',
    'fulfillment_method',
  ],
  [
    'a quote without a method',
    delivery({ quote: { fulfillment_method: null } }),
    'CheckoutInvalid',
    'fulfillment_method',
  ],

  ['no items at all', delivery({ quote: { items_snapshot: null } }), 'CheckoutInvalid', 'quote.items_snapshot'],
  ['an empty cart', delivery({ quote: { items_snapshot: [] } }), 'CheckoutInvalid', 'quote.items_snapshot'],
  ['items that are no list', delivery({ quote: { items_snapshot: {} } }), 'CheckoutInvalid', 'quote.items_snapshot'],
  ['a line that is nothing', withLine(null), 'CheckoutInvalid', 'quote.items_snapshot[1]'],
  [
    'a line without menu_item_id',
    withLine({ ...line, menu_item_id: undefined }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].menu_item_id',
  ],
  [
    'a line with an empty menu_item_id',
    withLine({ ...line, menu_item_id: '' }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].menu_item_id',
  ],
  [
    'a menu_item_id that is a number',
    withLine({ ...line, menu_item_id: 7 }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].menu_item_id',
  ],
  ['a line without a name', withLine({ ...line, name: undefined }), 'CheckoutInvalid', 'quote.items_snapshot[1].name'],
  ['a line with an empty name', withLine({ ...line, name: '' }), 'CheckoutInvalid', 'quote.items_snapshot[1].name'],
  [
    'a line without a quantity',
    withLine({ ...line, quantity: undefined }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].quantity',
  ],
  ['a quantity of 0', withLine({ ...line, quantity: 0 }), 'CheckoutInvalid', 'quote.items_snapshot[1].quantity'],
  ['a quantity below 0', withLine({ ...line, quantity: -1 }), 'CheckoutInvalid', 'quote.items_snapshot[1].quantity'],
  ['half a dish', withLine({ ...line, quantity: 0.5 }), 'CheckoutInvalid', 'quote.items_snapshot[1].quantity'],
  [
    'a quantity written as text',
    withLine({ ...line, quantity: '1' }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].quantity',
  ],
  [
    'a quantity that no database column holds',
    withLine({ ...line, quantity: 2_147_483_648 }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].quantity',
  ],
  [
    'a line without a price',
    withLine({ ...line, unit_price: undefined }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].unit_price',
  ],
  ['a price below 0', withLine({ ...line, unit_price: -1 }), 'CheckoutInvalid', 'quote.items_snapshot[1].unit_price'],
  [
    'a price in parts of a minor unit',
    withLine({ ...line, unit_price: 99.5 }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].unit_price',
  ],
  [
    'a price written as text',
    withLine({ ...line, unit_price: '100' }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].unit_price',
  ],
  ['a note that is no text', withLine({ ...line, note: 1 }), 'CheckoutInvalid', 'quote.items_snapshot[1].note'],
  [
    'a dish whose name no database stores',
    withLine({ ...line, name: 'Dish\u0000' }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].name',
  ],
  [
    'a menu_item_id that no database stores',
    withLine({ ...line, menu_item_id: 'dish\u0000' }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].menu_item_id',
  ],
  [
    'a note that no database stores',
    withLine({ ...line, note: 'No\u0000salt' }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].note',
  ],
  [
    'options that are nested too deeply to be stored or sent',
    withLine({ ...line, options: nested(4000) }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].options',
  ],
  [
    'a line with anything else that is nested too deeply',
    withLine({ ...line, extra: nested(4000) }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].*',
  ],
  [
    'totals that are nested too deeply',
    withTotals({ currency: 'USD', total: 1300, fees: nested(4000) }),
    'CheckoutInvalid',
    'quote.totals.*',
  ],
  [
    'an option with an id that is no longer what Phase 2 wrote',
    withLine({ ...line, options: [{ id: Number('738529527931269425') }] }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].options[0].*',
  ],
  [
    'anything else of a line that is no longer what Phase 2 wrote',
    withLine({ ...line, sku: { no: -(2 ** 53) } }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].*',
  ],
  [
    'anything else of the totals that is no longer what Phase 2 wrote',
    withTotals({ currency: 'USD', total: 1300, taxes: [{ amount: 1e21 }] }),
    'CheckoutInvalid',
    'quote.totals.*',
  ],
  [
    'a price that is no longer what Phase 2 wrote',
    withLine({ ...line, unit_price: 2 ** 53 }),
    'CheckoutInvalid',
    'quote.items_snapshot[1].unit_price',
  ],

  ['no totals', withTotals(null), 'CheckoutInvalid', 'quote.totals'],
  ['totals that are a list', withTotals([]), 'CheckoutInvalid', 'quote.totals'],
  ['totals without a currency', withTotals({ total: 1300 }), 'CheckoutInvalid', 'quote.totals.currency'],
  [
    'a currency that is no ISO 4217 code',
    withTotals({ currency: 'dollars', total: 1300 }),
    'CheckoutInvalid',
    'quote.totals.currency',
  ],
  [
    'a currency in small letters',
    withTotals({ currency: 'usd', total: 1300 }),
    'CheckoutInvalid',
    'quote.totals.currency',
  ],
  ['totals without a total', withTotals({ currency: 'USD' }), 'CheckoutInvalid', 'quote.totals.total'],
  ['a total below 0', withTotals({ currency: 'USD', total: -1 }), 'CheckoutInvalid', 'quote.totals.total'],
  ['a total with a fraction', withTotals({ currency: 'USD', total: 13.5 }), 'CheckoutInvalid', 'quote.totals.total'],
  ['a total written as text', withTotals({ currency: 'USD', total: '1300' }), 'CheckoutInvalid', 'quote.totals.total'],
  [
    'a subtotal that is 1 too much',
    withTotals({ currency: 'USD', total: 1300, subtotal: 1001 }),
    'CheckoutInvalid',
    'quote.totals.subtotal',
  ],
  [
    'a subtotal that is 1 too little',
    withTotals({ currency: 'USD', total: 1300, subtotal: 999 }),
    'CheckoutInvalid',
    'quote.totals.subtotal',
  ],
  [
    'a subtotal written as text',
    withTotals({ currency: 'USD', total: 1300, subtotal: '1000' }),
    'CheckoutInvalid',
    'quote.totals.subtotal',
  ],

  [
    'a phone with an invisible character in it',
    withCustomer({ phone: '+1\u200b555' }),
    'CheckoutInvalid',
    'customer.phone',
  ],
  ['an email with a blank in it', withCustomer({ email: 'a b@example.com' }), 'CheckoutInvalid', 'customer.email'],
  ['no store', delivery({ quote: { store: null } }), 'StoreNotOnRideNDine', 'store.ridendine_merchant_id'],
  ...[null, '', '  ', '\u00a0\u200b', 'rnd m-2', 'rnd-m-2\nrnd-m-3', 'rnd\u200b-m-2', 'rnd-m\u0007'].map(
    (merchant): [string, Case, string, string] => [
      `a store whose merchant is ${JSON.stringify(merchant)}`,
      delivery({ quote: { store: { id: 'store-1', ridendine_merchant_id: merchant } } }),
      'StoreNotOnRideNDine',
      'store.ridendine_merchant_id',
    ],
  ),

  ...(['name', 'phone', 'email'] as const).flatMap((field) =>
    [null, '', '  ', '\u00a0\n', 'a\nb@example.com', 'a\u0000b'].map((value): [string, Case, string, string] => [
      `a customer whose ${field} is ${JSON.stringify(value)}`,
      withCustomer({ [field]: value }),
      'CheckoutInvalid',
      `customer.${field}`,
    ]),
  ),

  ['a DELIVERY to nowhere', shippedTo(undefined), 'CheckoutInvalid', 'shipping_snapshot'],
  ...[undefined, null, '', '  ', 1, {}].map((address): [string, Case, string, string] => [
    `an address that is ${JSON.stringify(address)}`,
    shippedTo(address === undefined ? { lat: 1, lng: 1 } : { address, lat: 1, lng: 1 }),
    'CheckoutInvalid',
    'shipping_snapshot.address',
  ]),
  ...[undefined, null, '10.5', 90.000_001, -90.000_001, true].map((lat): [string, Case, string, string] => [
    `a latitude that is ${JSON.stringify(lat)}`,
    shippedTo(
      lat === undefined ? { address: '1 Example Street', lng: 1 } : { address: '1 Example Street', lat, lng: 1 },
    ),
    'CheckoutInvalid',
    'shipping_snapshot.lat',
  ]),
  ...[undefined, null, '106.25', 180.000_001, -180.000_001, []].map((lng): [string, Case, string, string] => [
    `a longitude that is ${JSON.stringify(lng)}`,
    shippedTo(
      lng === undefined ? { address: '1 Example Street', lat: 1 } : { address: '1 Example Street', lat: 1, lng },
    ),
    'CheckoutInvalid',
    'shipping_snapshot.lng',
  ]),
  [
    'a PICKUP with an address',
    pickup({ request: { shipping_snapshot: { address: '1 Example Street', lat: 1, lng: 1 } } }),
    'CheckoutInvalid',
    'shipping_snapshot',
  ],
];

/** Checkouts that are at the edge of a rule, and allowed. */
const sound: [string, Case][] = [
  ['a delivery', delivery()],
  ['a pickup', pickup()],
  ['no note', delivery({ request: { customer_note: undefined } })],
  ['the north pole, at the date line', shippedTo({ address: 'Pole', lat: 90, lng: 180 })],
  ['the south pole, at the date line', shippedTo({ address: 'Pole', lat: -90, lng: -180 })],
  ['where the equator meets the prime meridian', shippedTo({ address: 'Buoy', lat: 0, lng: 0 })],
  [
    'more about the address',
    shippedTo({ address: '1 Example Street', lat: 1, lng: 1, floor: 3, gate: { code: null } }),
  ],
  ['a free dish', withLine({ ...line, unit_price: 0 })],
  ['a price beyond 32 bits', withLine({ ...line, unit_price: 9_007_199_254_740_991 })],
  ['a line without options and note', withLine({ ...line, options: null, note: null })],
  ['options with a number in a text', withLine({ ...line, options: [{ id: '738529527931269425' }] })],
  ['options with the largest and the smallest number', withLine({ ...line, options: [2 ** 53 - 1, 5e-324] })],
  ['a name with the joiners of its script', withCustomer({ name: 'A\u200cB \u{1F469}\u200d\u{1F373}' })],
  ['options that are a text', withLine({ ...line, options: 'large' })],
  ['options of options', withLine({ ...line, options: nested(30) })],
  ['the last moment of the year 9999', delivery({ quote: { expires_at: '9999-12-31T23:59:59.999Z' } })],
  ['no subtotal', withTotals({ currency: 'USD', total: 1300 })],
  ['nothing to pay', withTotals({ currency: 'USD', total: 0 })],
];

describe('the checkout rules', () => {
  it.each(broken)('refuse %s, and report that alone', (_what, checkout, code, field) => {
    const problems = problemsOf(checkout);

    expect(problems).toEqual([{ code, field, detail: expect.stringMatching(/^[A-Z].*\.$/) }]);
  });

  it.each(sound)('accept %s', (_what, checkout) => {
    expect(problemsOf(checkout)).toEqual([]);
  });

  it('send what people paste without the blanks at its ends', () => {
    const { request, quote } = withCustomer({
      name: ' Customer One\u00a0',
      phone: '\u202a+1 555 0100\u202c',
      email: 'customer-one@example.com\r\n',
    });
    const store = { id: 'store-1', ridendine_merchant_id: '\ufeff rnd-m-2\u200b\n' };

    const checked = checkCheckout(request, quote && { ...quote, store }, NOW);

    expect(checked).toMatchObject({
      ok: true,
      checkout: {
        merchant_id: 'rnd-m-2',
        customer: { name: 'Customer One', phone: '+1 555 0100', email: 'customer-one@example.com' },
      },
    });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'The value is missing.'],
    ['a text', 'two', 'The value must be a number.'],
    ['0', 0, 'The number is too small: at least 1.'],
    ['half a dish', 0.5, 'The number must be a whole one.'],
    ['more than a column holds', 2_147_483_648, 'The number is too large: at most 2147483647.'],
  ])('say which rule a quantity breaks that is %s', (_what, quantity, detail) => {
    expect(problemsOf(withLine({ ...line, quantity }))).toEqual([
      { code: 'CheckoutInvalid', field: 'quote.items_snapshot[1].quantity', detail },
    ]);
  });

  it.each<[string, Case, string]>([
    ['a long name', withLine({ ...line, name: 'n'.repeat(256) }), 'The text is too long: at most 255 characters.'],
    ['no line', withLine(null), 'The value is missing.'],
    ['a line that is a text', withLine('dish'), 'The value must be a JSON object.'],
    ['a price', withLine({ ...line, unit_price: 2 ** 53 }), 'The number is too large: at most 9007199254740991.'],
    [
      'a currency',
      withTotals({ currency: 'usd', total: 1 }),
      'The value must be a currency code of ISO 4217: three capital letters.',
    ],
    [
      'an option',
      withLine({ ...line, options: [2 ** 60] }),
      'The number is too large to be kept exactly. Send one from -9007199254740991 to 9007199254740991, or a text.',
    ],
  ])('say which rule a quote breaks: %s', (_what, checkout, detail) => {
    expect(problemsOf(checkout).map((problem) => problem.detail)).toEqual([detail]);
  });

  it('report no more numbers than anybody looks into at once', () => {
    const options = Array.from({ length: 5000 }, () => 2 ** 60);

    expect(problemsOf(withLine({ ...line, options }))).toHaveLength(20);
  });

  it('report every problem at once, each with its own code and field', () => {
    const request = newCheckoutRequest({ shipping_snapshot: { address: ' ', lat: 91, lng: 'x' } });
    const quote = newQuote(request, {
      expires_at: '2030-04-30T12:00:00.000Z',
      fulfillment_method: 'PICKUP',
      items_snapshot: [{ ...line, quantity: 0, unit_price: -1 }],
      totals: { currency: '', total: null },
      store: null,
      customer: { id: request.customer_id, name: null, phone: null, email: null },
    });

    const problems = problemsOf({ request, quote });

    expect(problems.map(({ code, field }) => `${code} ${field}`).toSorted()).toEqual([
      'CheckoutInvalid customer.email',
      'CheckoutInvalid customer.name',
      'CheckoutInvalid customer.phone',
      'CheckoutInvalid fulfillment_method',
      'CheckoutInvalid quote.items_snapshot[0].quantity',
      'CheckoutInvalid quote.items_snapshot[0].unit_price',
      'CheckoutInvalid quote.totals.currency',
      'CheckoutInvalid quote.totals.total',
      'CheckoutInvalid shipping_snapshot.address',
      'CheckoutInvalid shipping_snapshot.lat',
      'CheckoutInvalid shipping_snapshot.lng',
      'QuoteExpired quote_id',
      'StoreNotOnRideNDine store.ridendine_merchant_id',
    ]);
  });

  it('report what is wrong with the request although there is no such quote', () => {
    const problems = problemsOf({ ...shippedTo({ address: ' ', lat: 91, lng: 'x' }), quote: null });

    expect(problems.map(({ code, field }) => `${code} ${field}`).toSorted()).toEqual([
      'CheckoutInvalid shipping_snapshot.address',
      'CheckoutInvalid shipping_snapshot.lat',
      'CheckoutInvalid shipping_snapshot.lng',
      'QuoteNotFound quote_id',
    ]);
  });

  it("tell nothing of another customer's quote: the answer is that of a quote that does not exist", () => {
    const request = newCheckoutRequest();
    const notHis = newQuote(newCheckoutRequest(), { expires_at: null, totals: null, store: null });

    const ofNone = checkCheckout(request, null, NOW);
    const ofAnother = checkCheckout(request, notHis, NOW);

    expect(ofAnother).toEqual(ofNone);
  });

  it('compare the subtotal exactly, however large the cart', () => {
    const cart = [{ ...line, quantity: 3, unit_price: 9_007_199_254_740_991 }];
    const checkout = delivery({
      quote: { items_snapshot: cart, totals: { currency: 'USD', total: 1, subtotal: 9_007_199_254_740_991 } },
    });

    expect(problemsOf(checkout)).toEqual([
      { code: 'CheckoutInvalid', field: 'quote.totals.subtotal', detail: expect.any(String) },
    ]);
  });
});

describe('a checkout that keeps the rules', () => {
  it('carries what a delivery order needs', () => {
    const request = newCheckoutRequest({
      customer_id: '00000000-0000-4000-8000-00000000000c',
      quote_id: 'quote-1',
      shipping_snapshot: { floor: 3, address: '1 Example Street', lat: -10.5, lng: 106.25 },
    });
    const quote = newQuote(request, {
      expires_at: '2030-05-01T19:00:00.000+07:00',
      store: { id: 'store-1', ridendine_merchant_id: 'merchant-1' },
    });

    const checked = checkCheckout(request, quote, new Date('2030-05-01T11:59:59.999Z'));

    expect(checked).toEqual({
      ok: true,
      checkout: {
        quote_id: 'quote-1',
        quote_expires_at: '2030-05-01T12:00:00.000Z',
        store_id: 'store-1',
        merchant_id: 'merchant-1',
        customer: {
          id: '00000000-0000-4000-8000-00000000000c',
          name: 'Customer One',
          phone: '+1 555 0100',
          email: 'customer-one@example.com',
        },
        fulfillment: { type: 'DELIVERY', address: '1 Example Street', lat: -10.5, lng: 106.25 },
        items: [
          {
            menu_item_id: 'dish-1',
            name: 'First dish',
            quantity: 2,
            unit_price: 450,
            options: ['large'],
            note: 'No salt.',
          },
          { menu_item_id: 'dish-2', name: 'Second dish', quantity: 1, unit_price: 100 },
        ],
        totals: { currency: 'USD', subtotal: 1000, delivery_fee: 300, total: 1300 },
      },
    });
  });

  it('sends a pickup nowhere', () => {
    const { request, quote } = pickup();

    const checked = checkCheckout(request, quote, NOW);

    expect(checked).toMatchObject({ ok: true, checkout: { fulfillment: { type: 'PICKUP' } } });
  });

  it('keeps items and totals as they are quoted: every member, in its order', () => {
    const items =
      '[{"zeta":{"b":1,"a":[2,null]},"unit_price":450,"name":"First dish","quantity":2,"menu_item_id":"dish-1","tax_code":"T1"},' +
      '{"quantity":1,"note":null,"menu_item_id":"dish-2","unit_price":100,"options":{"y":1,"x":2},"name":"Second dish"}]';
    const totals = '{"total":1300,"tip":null,"subtotal":1000,"fees":{"service":100,"delivery":200},"currency":"USD"}';
    const { request, quote } = delivery({
      quote: { items_snapshot: JSON.parse(items) as unknown, totals: JSON.parse(totals) as unknown },
    });

    const checked = checkCheckout(request, quote, NOW);

    if (!checked.ok) throw new Error('The checkout should be sound.');
    expect(JSON.stringify(checked.checkout.items)).toBe(items);
    expect(JSON.stringify(checked.checkout.totals)).toBe(totals);
  });
});

describe('what is reported of a checkout', () => {
  const TEXT = 'canary';
  const NUMBER = 8_675_309;

  const leaky: [string, Case][] = [
    [
      'wrong texts',
      (() => {
        const request = newCheckoutRequest({
          quote_id: TEXT,
          customer_note: TEXT,
          shipping_snapshot: { address: { [TEXT]: TEXT }, lat: TEXT, lng: TEXT, [TEXT]: TEXT },
        });
        const quote = newQuote(request, {
          fulfillment_method: TEXT,
          expires_at: TEXT,
          items_snapshot: [
            {
              menu_item_id: [TEXT],
              name: { [TEXT]: TEXT },
              quantity: TEXT,
              unit_price: TEXT,
              options: { [TEXT]: TEXT },
              note: [TEXT],
              [TEXT]: TEXT,
            },
            TEXT,
          ],
          totals: { currency: TEXT, total: TEXT, subtotal: TEXT, [TEXT]: TEXT },
          store: { id: TEXT, ridendine_merchant_id: '' },
          customer: { id: request.customer_id, name: '', phone: null, email: ' ' },
        });
        return { request, quote };
      })(),
    ],
    [
      'wrong numbers',
      (() => {
        const request = newCheckoutRequest({
          shipping_snapshot: { address: NUMBER, lat: NUMBER, lng: -NUMBER },
        });
        const quote = newQuote(request, {
          fulfillment_method: NUMBER,
          expires_at: NUMBER,
          items_snapshot: [
            { menu_item_id: NUMBER, name: NUMBER, quantity: -NUMBER, unit_price: NUMBER + 0.5, note: NUMBER },
          ],
          totals: { currency: NUMBER, total: -NUMBER, subtotal: NUMBER + 0.5 },
          store: { id: String(NUMBER), ridendine_merchant_id: null },
        });
        return { request, quote };
      })(),
    ],
    [
      'the rest',
      (() => {
        const request = newCheckoutRequest({ quote_id: TEXT, shipping_snapshot: undefined, customer_note: TEXT });
        const quote = newQuote(request, {
          expires_at: '1999-08-07T06:05:04.003Z',
          totals: { currency: 'USD', total: NUMBER, subtotal: NUMBER },
          customer: { id: request.customer_id, name: TEXT, phone: TEXT, email: null },
        });
        return { request, quote };
      })(),
    ],
    ['an unwanted address', pickup({ request: { shipping_snapshot: { address: TEXT, lat: NUMBER, [TEXT]: TEXT } } })],
    ['an unknown quote', { request: newCheckoutRequest({ quote_id: TEXT, customer_id: TEXT }), quote: null }],
  ];

  it.each(leaky)('never repeats a value: %s', (_what, checkout) => {
    const problems = problemsOf(checkout);

    expect(problems).not.toEqual([]);
    expect(JSON.stringify(problems)).not.toMatch(/canary|8.?675.?309|1999/);
  });
});
