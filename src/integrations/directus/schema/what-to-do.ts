import { failures } from '../../../domain/failures.ts';
import type { FailureCode } from '../../../domain/failures.ts';
import type { OrderStatus } from '../../../domain/order.ts';
import { orderFields, orderFormParts } from '../collections.ts';
import type { FieldDefinition, FieldMeta } from './definition.ts';
import { formPart } from './fields.ts';

type Condition = NonNullable<FieldMeta['conditions']>[number];

const { status, failureCode, ridendineOrderId } = orderFields;
const is = (wanted: OrderStatus) => ({ [status]: { _eq: wanted } });
const codes = Object.keys(failures) as FailureCode[];

const DECIDE = 'Then decide: in Flows at the right, press Decide about orders.';

/** A notice on the page of an order: what support staff can do about the order in its present status. */
export const whatToDo: FieldDefinition = formPart(orderFormParts.whatToDo, {
  note: null,
  interface: 'presentation-notice',
  options: { icon: 'tips_and_updates', color: 'info', text: 'A later phase handles this order.' },
  conditions: [
    told('waiting for RideNDine', [is('PENDING_PAYMENT'), { [ridendineOrderId]: { _null: true } }], {
      text: 'RideNDine is being asked to create the order. Wait some minutes. If this lasts longer, press What happened to this order.',
    }),
    told('waiting for payment', [is('PENDING_PAYMENT'), { [ridendineOrderId]: { _nnull: true } }], {
      text: 'RideNDine has the order. The customer can pay. A customer who has left the payment page confirms the same checkout again.',
    }),
    told('cancelled', [is('CANCELLED')], { text: failures.OrderCancelled.advice.whenFailed }),
    told('failed', [is('FAILED')], { text: 'Press What happened to this order.', color: 'danger' }),
    ...codes.map((code) =>
      told(`failed: ${code}`, [is('FAILED'), { [failureCode]: { _eq: code } }], {
        text: failures[code].advice.whenFailed,
        color: 'danger',
      }),
    ),
    told('in review', [is('NEEDS_REVIEW')], { text: `Ask RideNDine about the order. ${DECIDE}`, color: 'warning' }),
    ...codes.flatMap((code) => {
      const { inReview } = failures[code].advice;
      if (inReview === undefined) return [];
      const rules = [is('NEEDS_REVIEW'), { [failureCode]: { _eq: code } }];
      return told(`in review: ${code}`, rules, { text: `${inReview} ${DECIDE}`, color: 'warning' });
    }),
  ],
});

function told(name: string, rules: object[], options: { text: string; color?: string }): Condition {
  return { name, rule: { _and: rules }, options: { icon: 'tips_and_updates', color: 'info', ...options } };
}
