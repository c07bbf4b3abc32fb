import { z } from 'zod';
import { faultsOfJson, isPlainObject } from './json-faults.ts';
import { faultOfText } from './storable.ts';
import { rules } from './value-rules.ts';

export const storableText = z.string().superRefine((text, context) => {
  const message = faultOfText(text);
  if (message !== undefined) context.addIssue(message);
});

/**
 * A JSON object that can be stored and sent on as it was written: every text and number in it is kept, and it is not
 * nested deeply. The parsed value is a copy, with the content that is sent as JSON.
 */
export const storableJson = z
  .custom<Record<string, z.core.util.JSONType>>()
  .superRefine((value, context) => {
    if (!isPlainObject(value)) return context.addIssue({ code: 'custom', message: rules.noObject });
    for (const { path, rule } of faultsOfJson(value, faultOfText)) {
      context.addIssue({ code: 'custom', path, message: rule });
    }
  })
  .transform((value) => JSON.parse(JSON.stringify(value)) as typeof value);
