import { parseExactly } from './exact-numbers.ts';

/** More than the domain accepts in any JSON: a body that is refused here could not be valid. */
const DEEPEST = 64;

/** Names through which a body could change the prototypes of the objects that it is parsed into. */
const prototypeNames = new Set(['__proto__', 'constructor', 'prototype']);

/** The body is not JSON, or is JSON that two programs could read differently. `message` is shown to the caller. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

/**
 * Parses JSON and refuses what would otherwise pass silently: bytes that are not UTF-8, a member that is given twice
 * (`JSON.parse` keeps the last one), members named after prototypes, and nesting deeper than anything of ours has. A
 * number whose written value a double cannot keep becomes an object: see {@link parseExactly}.
 *
 * @throws {StrictJsonError}
 */
export function parseStrictJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw new StrictJsonError('The body is not JSON in UTF-8.');
  }
  checkMembers(text);
  return parseExactly(text);
}

/** Walks through text that is known to be JSON. So every string ends, and every bracket has its counterpart. */
function checkMembers(json: string): void {
  /** For each open object the names that it has so far; for each open array `undefined`. */
  const open: (Set<string> | undefined)[] = [];
  const tokens = /["{}[\]]/g;
  for (let token = tokens.exec(json); token !== null; token = tokens.exec(json)) {
    const [mark] = token;
    if (mark === '{' || mark === '[') {
      open.push(mark === '{' ? new Set() : undefined);
      if (open.length > DEEPEST) throw new StrictJsonError(`The body is nested more than ${DEEPEST} levels deep.`);
    } else if (mark === '"') {
      tokens.lastIndex = endOfString(json, token.index);
      if (isName(json, tokens.lastIndex)) noteName(json.slice(token.index, tokens.lastIndex), open.at(-1));
    } else {
      open.pop();
    }
  }
}

/** A loop: a regular expression for a whole string would overflow the stack on a string of several megabytes. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isName(json: string, end: number): boolean {
  const rest = /\s*(.)/y;
  rest.lastIndex = end;
  return rest.exec(json)?.[1] === ':';
}

function noteName(name: string, members: Set<string> | undefined): void {
  const member = JSON.parse(name) as string;
  if (prototypeNames.has(member)) {
    throw new StrictJsonError('No member may be named __proto__, constructor or prototype.');
  }
  if (members?.has(member)) throw new StrictJsonError('A member of the body is given twice.');
  members?.add(member);
}
