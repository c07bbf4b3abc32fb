import { describe, expect, it } from '@jest/globals';
import { givenKey } from '../../src/gateway/idempotency-key.ts';

const key = '0b8f6a52-7d4e-4c1b-9a68-0b1a1f2c7d11';
const other = '6d8f5f0e-8c3e-4a53-9a68-0b1a1f2c7d11';

const headers = (...values: string[]) => ({ rawHeaders: values.flatMap((value) => ['Idempotency-Key', value]) });

describe('the key of a request', () => {
  it.each([
    ['bare', [key]],
    ['in capitals', [key.toUpperCase()]],
    ['quoted', [`"${key}"`]],
    ['quoted, with blanks around', [` "${key}"  `]],
    ['quoted, with parameters that nobody knows', [`"${key}";a;b=1;c="x, \\"y\\"; z" ; d=?1`]],
    ['given twice', [key, key]],
    ['given twice, once quoted and in capitals', [`"${key.toUpperCase()}"`, key]],
    ['given twice and joined on the way', [`${key}, ${key}`]],
    ['given twice, quoted, and joined on the way', [`"${key}";v="1,2","${key}"`]],
  ])('may be %s', (_how, values) => {
    expect(givenKey(headers(...values))).toEqual({ key });
  });

  it.each([
    ['two headers', [key, other]],
    ['two headers, one quoted', [`"${key}"`, other]],
    ['one header', [`"${key}", "${other}"`]],
  ])('is refused if %s have two of them, and that is said', (_where, values) => {
    expect(givenKey(headers(...values))).toEqual({ problem: expect.stringContaining('Two different keys') });
  });

  it.each([
    ['missing', []],
    ['empty', ['']],
    ['an empty string', ['""']],
    ['no UUID', ['checkout-17']],
    ['a UUID without hyphens', [key.replaceAll('-', '')]],
    ['quoted by one side', [`"${key}`]],
    ['quoted by the other side', [`${key}"`]],
    ['quoted with a blank within', [`" ${key}"`]],
    ['quoted in single quotes', [`'${key}'`]],
    ['bare, with parameters', [`${key};a=b`]],
    ['followed by something else', [`"${key}" x`]],
    ['followed by parameters that are none', [`"${key}";A=1`]],
    ['a byte sequence', [`:${Buffer.from(key).toString('base64')}:`]],
    ['a list that ends early', [`${key},`]],
    ['good once, and then not', [key, 'checkout-17']],
  ])('is refused if it is %s', (_how, values) => {
    expect(givenKey(headers(...values))).toEqual({ problem: expect.stringContaining('with a UUID') });
  });

  it('is read in linear time', () => {
    const startedAt = Date.now();

    givenKey(headers(`"${key}"${';a="'.repeat(4000)}`));
    givenKey(headers(`"${key}"${'; a'.repeat(5000)}!`));

    expect(Date.now() - startedAt).toBeLessThan(1000);
  });
});
