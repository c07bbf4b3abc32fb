import { customEndpoint } from '@directus/sdk';
import { decisionsForMany } from '../../../contract/bulk-decision.ts';
import { decisionNames, decisions } from '../../../contract/decisions.ts';
import type { DecisionName } from '../../../contract/decisions.ts';
import { collections, orderFields } from '../collections.ts';
import { LicenceLimitError } from './administration.ts';
import type { Administration } from './administration.ts';
import { ensureRow } from './role-with-policy.ts';
import type { SystemRow } from './role-with-policy.ts';

/** This file defines a flow of Directus: the form for decisions about orders, and the operations that send them. */

export const DECISION_FLOW = 'c00c0000-0000-4000-8000-0000000000e1';

/** Ids of the operations, by their keys. They are fixed, so that a second call finds what the first call made. */
const ids = {
  may_decide: 'c00c0000-0000-4000-8000-0000000000e2',
  not_allowed: 'c00c0000-0000-4000-8000-0000000000e3',
  user: 'c00c0000-0000-4000-8000-0000000000e4',
  form: 'c00c0000-0000-4000-8000-0000000000e5',
  send: 'c00c0000-0000-4000-8000-0000000000e6',
  answer: 'c00c0000-0000-4000-8000-0000000000e7',
  why: 'c00c0000-0000-4000-8000-0000000000e8',
  refused: 'c00c0000-0000-4000-8000-0000000000e9',
  order: 'c00c0000-0000-4000-8000-0000000000ea',
  unheard: 'c00c0000-0000-4000-8000-0000000000eb',
  unsendable: 'c00c0000-0000-4000-8000-0000000000ec',
  silent: 'c00c0000-0000-4000-8000-0000000000ed',
};

/** Variable in Directus' environment and in its FLOWS_ENV_ALLOW_LIST: one of the gateway's `OPERATOR_API_KEYS`. */
const KEY_VARIABLE = 'OPERATOR_API_KEY';

const withIds = decisionNames.filter((name) => decisions[name].takesIds);

/** The dialog does not know the order's status, so each choice says for which orders it is. */
const choices: Record<DecisionName, string> = {
  retry: 'In review: ask RideNDine again',
  link: 'In review: they have it, link',
  abandon: 'In review: give it up',
  cancel: 'Waiting for RideNDine: cancel it',
  'correct-link': 'Linked: correct a wrong link',
};

/** Fields of the dialog. The reason is first, because the dialog puts the cursor into the first field. */
const formFields = [
  field('reason', 'Why', {
    interface: 'input',
    required: true,
    note: 'A ticket number is enough. No names, addresses or notes of customers.',
  }),
  field('decision', 'Decision', {
    interface: 'select-radio',
    required: true,
    options: {
      choices: decisionNames.map((value) => ({ value, text: choices[value] })),
    },
  }),
  idField('ridendine_order_id', "RideNDine's id of the order"),
  idField('payment_session_id', "RideNDine's id of the payment"),
  field('ids_checked', 'The ids look unusual', {
    interface: 'boolean',
    options: { label: 'RideNDine has confirmed them' },
    hidden: true,
    conditions: [{ name: 'ids', rule: { decision: { _in: withIds } }, hidden: false }],
  }),
];

function field(name: string, label: string, meta: Record<string, unknown>) {
  const type = meta['interface'] === 'boolean' ? 'boolean' : 'string';
  const schema = type === 'boolean' ? { default_value: false } : null;
  return { field: name, name: label, type, schema, meta: { width: 'full', ...meta } };
}

function idField(name: string, label: string) {
  return field(name, label, {
    interface: 'input',
    hidden: true,
    options: { trim: true },
    conditions: [{ name: 'ids', rule: { decision: { _in: withIds } }, hidden: false, required: true }],
  });
}

const ONE_AT_A_TIME = `For several orders at once there are only "${choices.retry}" and "${choices.abandon}". Nothing was decided.`;

/**
 * The script that builds the request to the gateway. The actor is the account that Directus has authenticated, never a
 * field of the form. A template instead of a script would turn a missing field into the text "undefined".
 */
const READ_FORM = `module.exports = function ({ $trigger, $accountability, user, order }) {
  const { keys, decision, reason, ridendine_order_id, payment_session_id, ids_checked } = $trigger.body;
  const actor = (user?.email ?? 'Directus user') + ' (' + $accountability.user + ')';
  const order_id = encodeURIComponent(keys[0]);
  if (keys.length !== 1) {
    if (!${JSON.stringify(decisionsForMany)}.includes(decision)) throw '${ONE_AT_A_TIME}';
    const many = { decision, reason, actor, order_ids: keys };
    return { path: 'decisions', about: keys.length + ' orders', order_id, decision: many };
  }
  const ids = ${JSON.stringify(withIds)}.includes(decision)
    ? { ridendine_order_id, payment_session_id, ids_checked: ids_checked === true }
    : {};
  const key = order?.${orderFields.idempotencyKey} ? { idempotency_key: order.${orderFields.idempotencyKey} } : {};
  const one = { decision, reason, actor, ...key, ...ids };
  return { path: 'orders/' + order_id + '/decisions', about: 'order ' + keys[0], order_id, decision: one };
};`;

const NO_ANSWER =
  'Order creation does not answer. Look at the order before you decide again. If this continues, call whoever runs order creation.';

const READ_ANSWER = `module.exports = function ({ send }) {
  if (send?.status === 401) {
    return "Nothing was decided: Directus' ${KEY_VARIABLE} is not among the gateway's OPERATOR_API_KEYS. Call whoever runs order creation.";
  }
  return send?.data?.detail ?? '${NO_ANSWER}';
};`;

export interface DecisionFlowOptions {
  /** Address of the gateway, as Directus reaches it. */
  gatewayUrl: string;
  /** Id of the role whose users may decide, beside administrators. */
  role: string;
}

/**
 * Creates or corrects the flow. A flow that an administrator has switched off stays off. If the licence allows no
 * further flow, no flow is made, and a line of the log says so. A second call changes nothing.
 *
 * @returns what was made or changed, such as `decision flow, flows: added`.
 */
export async function ensureDecisionFlow(
  directus: Administration,
  options: DecisionFlowOptions,
  log: (line: string) => void,
): Promise<string[]> {
  const what = 'decision flow';
  const changed: string[] = [];
  try {
    changed.push(...(await ensureRow(directus, what, '/flows', flow, { status: 'active' })));
  } catch (error) {
    if (!(error instanceof LicenceLimitError)) throw error;
    log(`${what}: left out, so nobody can decide in Directus. ${error.message}`);
    return [];
  }
  const rows = operationsOf(options);
  await cutChangedLinks(directus, rows);
  for (const row of rows) {
    changed.push(...(await ensureRow(directus, `${what}, ${row.key}`, '/operations', row)));
  }
  return [...changed, ...(await ensureRow(directus, what, '/flows', { id: DECISION_FLOW, operation: ids.may_decide }))];
}

/** Only one operation may lead to another. So a link that will change is removed before a new link takes its place. */
async function cutChangedLinks(directus: Administration, rows: ReturnType<typeof operationsOf>): Promise<void> {
  const existing = await directus.request(
    customEndpoint<SystemRow[]>({
      path: '/operations',
      params: { filter: { flow: { _eq: DECISION_FLOW } }, fields: ['id', 'resolve', 'reject'], limit: -1 },
    }),
  );
  for (const { id, resolve, reject } of existing) {
    const wanted = rows.find((row) => row.id === id);
    if (wanted === undefined || (wanted.resolve === resolve && wanted.reject === reject)) continue;
    const body = JSON.stringify({ resolve: null, reject: null });
    await directus.request(customEndpoint({ path: `/operations/${id}`, method: 'PATCH', body }));
  }
}

const flow = {
  id: DECISION_FLOW,
  name: 'Decide about orders',
  icon: 'gavel',
  description: 'Sends what support staff decide to order creation. Kept by npm run directus:apply.',
  trigger: 'manual',
  // Directus keeps who ran the flow and when, but not what was entered.
  accountability: 'activity',
  options: {
    collections: [collections.orders],
    // The form is offered on the page of an order, and in a list of orders with a selection.
    location: 'both',
    async: false,
    error_on_reject: true,
    requireSelection: true,
    requireConfirmation: true,
    confirmationDescription: 'Decide about orders',
    fields: formFields,
  },
};

type Key = keyof typeof ids;
type Place = ReturnType<typeof at>;

/** Where the editor shows an operation, and which operations it leads to if it succeeds and if it fails. */
function at(column: number, row: number, { resolve, reject }: { resolve?: Key; reject?: Key } = {}) {
  return {
    position_x: 1 + 18 * column,
    position_y: 1 + 18 * row,
    ...(resolve && { resolve: ids[resolve] }),
    ...(reject && { reject: ids[reject] }),
  };
}

function operation(key: Key, type: string, place: Place, options: object) {
  return { flow: DECISION_FLOW, name: key, resolve: null, reject: null, id: ids[key], key, type, ...place, options };
}

/** Ends the flow with an error. The person reads `message` in a dialog. */
function refusal(key: Key, place: Place, message: string) {
  return operation(key, 'throw-error', place, { code: 'FAILED_VALIDATION', status: '400', message });
}

/** Reads with full permissions: the person who decides may not have the permission to read the column. */
function readOne(key: Key, place: Place, from: { collection: string; row: string; column: string }) {
  const { collection, row, column } = from;
  const options = { collection, key: [row], permissions: '$full', emitEvents: false, query: { fields: [column] } };
  return operation(key, 'item-read', place, options);
}

/** The operations in the order of their creation: an operation must exist before another one leads to it. */
function operationsOf({ gatewayUrl, role }: DecisionFlowOptions) {
  return [
    refusal('refused', at(7, 2), '{{why}}'),
    refusal('silent', at(7, 3), NO_ANSWER),
    // After a broken connection this operation fails: Directus cannot pass such an error to a script.
    operation('why', 'exec', at(6, 2, { resolve: 'refused', reject: 'silent' }), { code: READ_ANSWER }),
    // Without this operation the person would see an error, although the decision was carried out.
    operation('unheard', 'log', at(7, 1), {
      message: 'The result of a decision could not be reported: {{form.about}}',
    }),
    // Unlike the operation for notifications, this one sends no mail.
    operation('answer', 'item-create', at(6, 0, { reject: 'unheard' }), {
      collection: 'directus_notifications',
      permissions: '$full',
      emitEvents: false,
      payload: {
        recipient: '{{$accountability.user}}',
        subject: 'Your decision about {{form.about}}',
        message: '{{send.data.message}}',
        collection: collections.orders,
        item: '{{form.order_id}}',
      },
    }),
    operation('send', 'request', at(5, 0, { resolve: 'answer', reject: 'why' }), {
      method: 'POST',
      url: `${gatewayUrl.replace(/\/+$/, '')}/v1/operations/{{form.path}}`,
      headers: [{ header: 'Authorization', value: `Bearer {{$env.${KEY_VARIABLE}}}` }],
      body: '{{form.decision}}',
    }),
    refusal('unsendable', at(5, 1), '{{form}}'),
    operation('form', 'exec', at(4, 0, { resolve: 'send', reject: 'unsendable' }), { code: READ_FORM }),
    readOne('order', at(3, 0, { resolve: 'form' }), {
      collection: collections.orders,
      row: '{{$trigger.body.keys[0]}}',
      column: orderFields.idempotencyKey,
    }),
    readOne('user', at(2, 0, { resolve: 'order' }), {
      collection: 'directus_users',
      row: '{{$accountability.user}}',
      column: 'email',
    }),
    operation('not_allowed', 'throw-error', at(2, 1), {
      code: 'FORBIDDEN',
      status: '403',
      message: 'Only COOCO support lead may decide about orders.',
    }),
    operation('may_decide', 'condition', at(1, 0, { resolve: 'user', reject: 'not_allowed' }), {
      filter: { _or: [{ $accountability: { role: { _eq: role } } }, { $accountability: { admin: { _eq: true } } }] },
    }),
  ];
}
