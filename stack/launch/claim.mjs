import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { processIdentity } from './process-identity.mjs';

/** Another living process has the claim. */
export class ClaimHeld extends Error {
  /** @param {{ pid: number, state: string }} holder */
  constructor(holder) {
    super(`held by process ${holder.pid}`);
    this.name = 'ClaimHeld';
    this.holder = holder;
  }
}

/**
 * Makes this process the only one that works in `folder`, until `release()` or its death, however that comes.
 *
 * Announce, then look: everyone writes a file of his own before he reads those of the others, so of two that come at
 * once at least one sees the other, and never do both get in. Whoever sees another that is only asking steps back for
 * a random moment. The file of a dead process counts for nothing; as no name is used twice, anybody may delete it.
 *
 * @param {{ folder: string, waitsFor: (holder: { pid: number, state: string }) => boolean, timeoutMs: number }} options
 *   `waitsFor`: whether to wait for this holder to go away, for at most `timeoutMs`
 * @throws {ClaimHeld} if a holder is not waited for, or stays
 */
export async function claim({ folder, waitsFor, timeoutMs }) {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${process.pid}-${randomBytes(4).toString('hex')}.json`);
  const own = { pid: process.pid, startedAt: processIdentity(process.pid), state: 'asking', helpers: [] };
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    write(file, own);
    const others = livingClaims(folder, file);
    if (others.length === 0) break;
    rmSync(file, { force: true });
    const holder = others.find((other) => other.state !== 'asking');
    if (holder !== undefined && (!waitsFor(holder) || Date.now() > deadline)) throw new ClaimHeld(holder);
    await pause(20 + Math.random() * 180);
  }
  const update = (changes) => write(file, Object.assign(own, changes));
  update({ state: 'held' });
  return {
    /** Tells those who come that it is worth waiting. */
    markStopping: () => update({ state: 'stopping' }),
    /**
     * A process that works for this one, and holds the claim on should this one die first.
     * @param {number} pid
     */
    addHelper: (pid) => update({ helpers: [...own.helpers, { pid, startedAt: processIdentity(pid) }] }),
    release: () => rmSync(file, { force: true }),
  };
}

/** Whole or not at all: a reader never meets half a file. */
function write(file, content) {
  writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function livingClaims(folder, ownFile) {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.join(folder, name));
  return files.filter((file) => file !== ownFile).flatMap((file) => readLivingClaim(file) ?? []);
}

function readLivingClaim(file) {
  let found;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // withdrawn meanwhile
  }
  if (lives(found) || found.helpers.some((helper) => lives(helper))) return found;
  rmSync(file, { force: true });
  return undefined;
}

function lives({ pid, startedAt }) {
  return startedAt !== undefined && processIdentity(pid) === startedAt;
}
