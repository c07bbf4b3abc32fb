/** What a failure tells a person, in the order in which they read it. */
export interface FailureText {
  /** What failed and why: one or more sentences without personal data. */
  reason: string;
  /** Whether it is tried again, and when. */
  next?: string;
  /** What the person can do. */
  advice?: string;
  /** For whoever looks into it. */
  technical?: string;
}

const BREAK = '\n\n';

/** The message of a failure as the Temporal UI shows it: its reason, and below it what else is known. */
export function failureText({ reason, next, advice, technical }: FailureText): string {
  return [reason, next, advice && `What you can do: ${advice}`, technical && `Technical: ${technical}`]
    .filter((part) => part !== undefined && part !== '')
    .join(BREAK);
}

/** The reason alone, of a message that {@link failureText} has made or of any other. */
export function reasonIn(message: string): string {
  const [reason] = message.split(BREAK, 1);
  return reason ?? message;
}
