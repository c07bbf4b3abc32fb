import { parseExactly } from './exact-numbers.ts';

/** Deeper than the domain takes any JSON: what is refused here is nothing of ours. */
const DEEPEST = 64;

/** Names by which a body could reach into the prototypes of the objects that it becomes. */
const prototypeNames = new Set(['__proto__', 'constructor', 'prototype']);

/** A body that is no JSON, or JSON that two readers could understand differently. `message` is for the caller. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

/**
 * Parses JSON and refuses what `JSON.parse` takes silently: bytes that are no UTF-8, a member that is given twice (the
 * last would win, for us), members named after prototypes, and more nesting than anything of ours has. A number that
 * would not come out as it was written is no number afterwards: see {@link parseExactly}.
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

/** Walks through text that is known to be JSON, so that every string in it ends and every bracket has its other. */
function checkMembers(json: string): void {
  /** Of each open object its names so far, of each open array nothing. */
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

/** By hand: a pattern for a whole string takes more stack than there is for one of some megabytes. */
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
