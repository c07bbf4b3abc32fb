import { SettingsError } from '../config/environment.ts';

/** Tells the person who started a program with a worker why the program has ended. */
export function stopReason(program: string, error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  return `${program} stopped: ${withoutServersWords(error)}\nIf it cannot connect, "npm run doctor" with the same settings says why.`;
}

/** A server may repeat the credential that it refuses, so only the code of its answer is told. */
function withoutServersWords(error: unknown): string {
  return String(error).replace(/, message: .*/s, '');
}
