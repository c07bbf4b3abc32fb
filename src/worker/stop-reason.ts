import { SettingsError } from '../config/environment.ts';

/** Why a program with a worker has ended, for whoever started it. */
export function stopReason(program: string, error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  return `${program} stopped: ${withoutServersWords(error)}\nIf it cannot connect, "npm run doctor" with the same settings says why.`;
}

/** A server may repeat the credential that it refuses: of its answer, only the code is told. */
function withoutServersWords(error: unknown): string {
  return String(error).replace(/, message: .*/s, '');
}
