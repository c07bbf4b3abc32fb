/** What a failure tells a person, in the order in which they read it. */
export interface FailureText {
  /** What failed and why: one or more sentences without personal data. */
  reason: string;
  /** Whether it is tried again, and when. */
  next?: string;
  /** What the person can do. */
  advice?: string;
  /** For developers. */
  technical?: string;
}

/** The message of a failure as the Temporal UI shows it. */
export function failureText({ reason, next, advice, technical }: FailureText): string {
  return [reason, next, advice && `What you can do: ${advice}`, technical && `Technical: ${technical}`]
    .filter((part) => part !== undefined && part !== '')
    .join('\n\n');
}

/** The reason alone, of a failure of ours (it stands in the first of its details) or of any other. */
export function reasonOf({ message, details }: { message: string; details?: unknown[] | null | undefined }): string {
  const first: unknown = details?.[0];
  const isOurs = typeof first === 'object' && first !== null && 'reason' in first && typeof first.reason === 'string';
  return isOurs ? String(first.reason) : message;
}
