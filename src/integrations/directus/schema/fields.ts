import type { ColumnDefinition, FieldDefinition, FieldMeta } from './definition.ts';

/** What a field is, apart from its name and its note. */
type Details = Partial<Omit<FieldMeta, 'note'>> & { column?: ColumnDefinition };

type FieldBuilder = (field: string, note: string, details?: Details) => FieldDefinition;

/** Default for the longest value of a `string`, in characters. Every database can put such a value into an index. */
const STRING_LENGTH = 255;

/** A UUID that identifies the row; Directus makes one if a person adds the row by hand. */
export const uuidKey: FieldBuilder = (field, note, details = {}) =>
  build({
    field,
    type: 'uuid',
    column: { is_primary_key: true },
    meta: { note, interface: 'input', special: ['uuid'], readonly: true, width: 'full' },
    details,
  });

export const string = plain('string', { max_length: STRING_LENGTH });

/** Text of any length on one line. */
export const longString = plain('text');

/** Text of any length on several lines. */
export const text = plain('text', {}, { interface: 'input-multiline', width: 'full' });

export const uuid = plain('uuid');

export const integer = plain('integer');

/**
 * An amount in minor units. 64 bits wide: in a currency with cents, 32 bits end at 21 million, which is the price of a
 * family dinner in some currencies. Directus returns the amount as a string.
 */
export const amount = plain('bigInteger');

/** A JSON document, shown as code. `template` is how a list shows it, such as `{{total}} {{currency}}`. */
export function json(field: string, note: string, template?: string, details: Details = {}): FieldDefinition {
  return build({
    field,
    type: 'json',
    column: {},
    meta: {
      note,
      interface: 'input-code',
      special: ['cast-json'],
      options: { language: 'JSON', lineNumber: false, lineWrapping: true },
      ...(template === undefined ? {} : { display: 'formatted-json-value', display_options: { format: template } }),
      width: 'full',
    },
    details,
  });
}

/** A moment, kept in UTC and shown in the reader's time zone. */
export const timestamp: FieldBuilder = (field, note, details = {}) =>
  build({
    field,
    type: 'timestamp',
    column: {},
    meta: {
      note,
      interface: 'datetime',
      display: 'datetime',
      display_options: { relative: false },
      width: 'half',
      special: ['cast-timestamp'],
    },
    details,
  });

/** The one row of another collection that this one belongs to; `template` is how that row is shown. */
export function manyToOne(
  options: { field: string; keyType: 'uuid' | 'string'; template: string; note: string },
  details: Details = {},
): FieldDefinition {
  const { field, keyType, template, note } = options;
  return build({
    field,
    type: keyType,
    column: { is_indexed: true },
    meta: {
      note,
      interface: 'select-dropdown-m2o',
      special: ['m2o'],
      options: { template, enableCreate: false },
      display: 'related-values',
      display_options: { template },
      width: 'half',
    },
    details,
  });
}

/** One of a few values, each with a colour; others are allowed, so that a later phase can add its own. */
export function choice(
  field: string,
  note: string,
  choices: { value: string; text: string; color: string }[],
  details: Details = {},
): FieldDefinition {
  return string(field, note, {
    interface: 'select-dropdown',
    options: { choices, allowOther: true },
    display: 'labels',
    display_options: {
      format: true,
      choices: choices.map(({ value, text: label, color }) => ({
        value,
        text: label,
        foreground: '#FFFFFF',
        background: color,
      })),
    },
    ...details,
  });
}

/** The list of the rows of another collection that point to this row with their `manyToOne`. */
export function oneToMany(field: string, meta: Omit<FieldMeta, 'special'>): FieldDefinition {
  return { field, type: 'alias', column: null, meta: { width: 'full', ...meta, special: ['o2m'] } };
}

/** A part of the form that holds no data at all. */
export function formPart(field: string, meta: FieldMeta): FieldDefinition {
  return {
    field,
    type: 'alias',
    column: null,
    meta: { width: 'full', ...meta, special: ['alias', 'no-data', ...(meta.special ?? [])] },
  };
}

/** The title of a field in Data Studio, if the title that Data Studio makes from its name is not good enough. */
export function named(title: string): NonNullable<FieldMeta['translations']> {
  return [{ language: 'en-US', translation: title }];
}

/** A part of the form that holds other fields together, and can be folded. */
export function group(
  field: string,
  options: { title: string; icon: string; start: 'open' | 'closed' },
  note: string,
): FieldDefinition {
  return formPart(field, {
    note,
    translations: named(options.title),
    interface: 'group-detail',
    special: ['group'],
    options: { headerIcon: options.icon, start: options.start },
  });
}

/** A field whose value people read and type unchanged. */
function plain(
  type: FieldDefinition['type'],
  column: ColumnDefinition = {},
  looks: Pick<FieldMeta, 'interface' | 'width'> = { interface: 'input', width: 'half' },
): FieldBuilder {
  return (field, note, details = {}) => build({ field, type, column, meta: { note, ...looks }, details });
}

function build(parts: {
  field: string;
  type: FieldDefinition['type'];
  column: ColumnDefinition;
  meta: FieldMeta;
  details: Details;
}): FieldDefinition {
  const { column, ...looks } = parts.details;
  const special = [...(parts.meta.special ?? []), ...(looks.special ?? [])];
  return {
    field: parts.field,
    type: parts.type,
    column: { ...parts.column, ...column },
    meta: { ...parts.meta, ...looks, ...(special.length > 0 ? { special } : {}) },
  };
}
