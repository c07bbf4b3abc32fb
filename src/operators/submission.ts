import { OperatorError } from './operator-error.ts';

/** How long the operator waits: for a worker to take the request, and from then on for the outcome. */
export interface Patience {
  acceptedWithinMs: number;
  carriedOutWithinMs: number;
}

/** How long a person at a terminal waits. */
const atTerminal: Patience = {
  /** A worker takes a decision within milliseconds; one that has just started reads the run's history first. */
  acceptedWithinMs: 15_000,
  /** The run tries for two minutes to store a decision in Directus. Then it refuses the decision. */
  carriedOutWithinMs: 150_000,
};

/** How long a worker may still take to answer once nobody waits: a gateway must stop within 5 s (`stopInOrder`). */
const LAST_ANSWER_MS = 3_000;

interface SubmissionOptions {
  /** The default is the patience of a person at a terminal. */
  patience?: Patience;
  /** The sender's id of the request: the same request with the same id is carried out once. */
  id?: string | undefined;
  /** Aborted once nobody waits for the outcome. */
  stopWaiting?: AbortSignal;
}

/** An operator's request on its way: how long the operator waits, and how far the request has come. */
export class Submission {
  readonly patience: Patience;
  readonly id: string | undefined;
  readonly #stopWaiting: AbortSignal | undefined;
  readonly #abandoned = Promise.withResolvers<never>();
  #progress: 'nothing sent' | 'sent' | 'taken' = 'nothing sent';

  constructor({ patience = atTerminal, id, stopWaiting }: SubmissionOptions = {}) {
    this.patience = patience;
    this.id = id;
    this.#stopWaiting = stopWaiting;
  }

  /** Call this right before sending the request. @throws {OperatorError} nobody waits any more: do not send it. */
  send(): void {
    if (this.#stopWaiting?.aborted) throw this.#abandonment();
    this.#progress = 'sent';
  }

  /** Call this once a worker has taken the request. */
  take(): void {
    this.#progress = 'taken';
    if (this.#stopWaiting?.aborted) this.#abandoned.reject(this.#abandonment());
  }

  /**
   * Waits for the result of `work` until nobody waits for the outcome any more.
   *
   * @throws {OperatorError} nobody waits any more. The error says how far the request has come.
   */
  async whileWaitedFor<Result>(work: () => Promise<Result>): Promise<Result> {
    const abandon = () => {
      const end = () => this.#abandoned.reject(this.#abandonment());
      if (this.#progress === 'sent') setTimeout(end, LAST_ANSWER_MS).unref();
      else end();
    };
    this.#stopWaiting?.addEventListener('abort', abandon, { once: true });
    try {
      return await Promise.race([this.#abandoned.promise, work()]);
    } finally {
      this.#stopWaiting?.removeEventListener('abort', abandon);
    }
  }

  #abandonment(): OperatorError {
    switch (this.#progress) {
      case 'nothing sent':
        return new OperatorError('not sent', 'The gateway is stopping, and has sent nothing.');
      case 'sent':
        return new OperatorError('unanswered', 'The gateway is stopping, and no worker has answered yet.');
      case 'taken':
        return new OperatorError('under way', 'The decision was taken, and the gateway is stopping.');
    }
  }
}
