import { textIn } from './text-in.ts';

/** What must be found nowhere in clear. Each is a text that nothing else holds. */
export const personalData = {
  name: 'Canary Name',
  phone: '+1 555 0142 0001',
  email: 'canary@mail.example.com',
  address: '42 Canary Street',
  note: 'Canary note: ring twice.',
  /** The partner may repeat any of it. */
  partnerText: 'Canary partner text: no such street.',
  /** Free text of support staff. */
  supportReason: 'Canary reason: the customer called.',
} as const;

/** @returns which of the data stand in clear anywhere in `value`: in texts, and in bytes read as text. */
export function personalDataIn(value: unknown): string[] {
  const text = textIn(value);
  return Object.entries(personalData).flatMap(([kind, datum]) => (text.includes(datum) ? [kind] : []));
}
