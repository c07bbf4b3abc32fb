import { describe, expect, it } from '@jest/globals';
import { parseStrictJson, StrictJsonError } from '../../src/runtime/strict-json.ts';

const parse = (json: string) => parseStrictJson(Buffer.from(json));

describe('strict JSON', () => {
  it.each([
    { a: { a: { a: 1 } }, b: [{ a: 1 }, { a: 2 }] },
    { 'a"': 1, 'a\\': 2, 'a\\"': 3, a: '","a":' },
    { a: '{"a":1,"a":2}', b: '__proto__', c: '[[[[' },
    ['a', 'a', { a: 'a' }, 'a:'],
    'a string alone',
  ])('is taken as JSON.parse takes it: %j', (value) => {
    for (const indentation of [0, 2]) expect(parse(JSON.stringify(value, undefined, indentation))).toEqual(value);
  });

  it('may hold a string that is longer than what a request may bring', () => {
    const text = 'x'.repeat(9 * 1024 * 1024);

    expect(parse(JSON.stringify({ text }))).toEqual({ text });
  });

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"b":{"a":"\\"","a"\n:2}}',
    '[{"__proto__":{}}]',
    '{"a":{"constructor" : 1}}',
    `${'['.repeat(65)}${']'.repeat(65)}`,
    '{"a":',
  ])('is refused where two readers could understand it differently: %s', (json) => {
    expect(() => parse(json)).toThrow(StrictJsonError);
  });
});
