import { textIn } from './text-in.ts';

/** Personal data that must not be stored anywhere in clear. Each text occurs nowhere else. */
export const personalData = {
  name: 'Canary Name',
  phone: '+1 555 0142 0001',
  email: 'canary@mail.example.com',
  address: '42 Canary Street',
  note: 'Canary note: ring twice.',
  /** Text from the partner's answer, which may repeat personal data. */
  partnerText: 'Canary partner text: no such street.',
  /** Free text of support staff. */
  supportReason: 'Canary reason: the customer called.',
} as const;

/** @returns the names of the personal data that stand in clear in `value`: in texts, and in bytes read as text. */
export function personalDataIn(value: unknown): string[] {
  const text = textIn(value);
  return Object.entries(personalData).flatMap(([kind, datum]) => (text.includes(datum) ? [kind] : []));
}
