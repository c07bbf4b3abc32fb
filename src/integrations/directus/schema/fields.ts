import type { ColumnDefinition, FieldDefinition, FieldMeta, FieldType } from './definition.ts';

/** What a field is, apart from its name and its note. */
type Details = Partial<Omit<FieldMeta, 'note'>> & { column?: ColumnDefinition };

type FieldBuilder = (field: string, note: string, details?: Details) => FieldDefinition;

/** Default for the longest value of a `string`, in characters. Every database can put such a value into an index. */
const STRING_LENGTH = 255;

/** The looks of a field whose value people read and type unchanged. */
const plain = { interface: 'input', width: 'half' } as const;

/** A UUID that identifies the row; Directus makes one if a person adds the row by hand. */
export const uuidKey = builderOf('uuid', {
  column: { is_primary_key: true },
  interface: 'input',
  special: ['uuid'],
  readonly: true,
  width: 'full',
});

export const string = builderOf('string', { ...plain, column: { max_length: STRING_LENGTH } });

/** Text of any length on one line. */
export const longString = builderOf('text', plain);

/** Text of any length on several lines. */
export const text = builderOf('text', { interface: 'input-multiline', width: 'full' });

export const uuid = builderOf('uuid', plain);

export const integer = builderOf('integer', plain);

/**
 * An amount in minor units. 64 bits wide: in a currency with cents, 32 bits end at 21 million, which is the price of a
 * family dinner in some currencies. Directus returns the amount as a string.
 */
export const amount = builderOf('bigInteger', plain);

/** A JSON document, shown as code. `template` is how a list shows it, such as `{{total}} {{currency}}`. */
export function json(field: string, note: string, template?: string, details: Details = {}): FieldDefinition {
  return builderOf('json', {
    interface: 'input-code',
    special: ['cast-json'],
    options: { language: 'JSON', lineNumber: false, lineWrapping: true },
    ...(template === undefined ? {} : { display: 'formatted-json-value', display_options: { format: template } }),
    width: 'full',
  })(field, note, details);
}

/** A moment, kept in UTC and shown in the reader's time zone. */
export const timestamp = builderOf('timestamp', {
  interface: 'datetime',
  display: 'datetime',
  display_options: { relative: false },
  width: 'half',
  special: ['cast-timestamp'],
});

/** The one row of another collection that this one belongs to; `template` is how that row is shown. */
export function manyToOne(
  options: { field: string; keyType: 'uuid' | 'string'; template: string; note: string },
  details: Details = {},
): FieldDefinition {
  const { field, keyType, template, note } = options;
  return builderOf(keyType, {
    column: { is_indexed: true },
    interface: 'select-dropdown-m2o',
    special: ['m2o'],
    options: { template, enableCreate: false },
    display: 'related-values',
    display_options: { template },
    width: 'half',
  })(field, note, details);
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

/** Builds fields of one type. The details of a field win over `usual`; what is special about it adds up. */
function builderOf(type: FieldType, usual: Details & Pick<FieldMeta, 'interface'>): FieldBuilder {
  const { column, ...looks } = usual;
  return (field, note, { column: ownColumn, ...ownLooks } = {}) => {
    const special = [...(looks.special ?? []), ...(ownLooks.special ?? [])];
    return {
      field,
      type,
      column: { ...column, ...ownColumn },
      meta: { note, ...looks, ...ownLooks, ...(special.length > 0 ? { special } : {}) },
    };
  };
}
