import { OperatorError } from './operator-error.ts';

/** How long whoever asked waits. */
export interface Patience {
  acceptedWithinMs: number;
  carriedOutWithinMs: number;
}

/** How long a person at a terminal waits. */
const atTerminal: Patience = {
  /** A worker takes a decision within milliseconds; one that has just started reads the run's history first. */
  acceptedWithinMs: 15_000,
  /** Directus may take two minutes for it; then the run refuses it. */
  carriedOutWithinMs: 150_000,
};

/** How long a worker may take to answer once nobody waits: a gateway that is told to stop has 5 s (see `stopInOrder`). */
const LAST_ANSWER_MS = 3_000;

interface SubmissionOptions {
  /** As at a terminal unless told. */
  patience?: Patience;
  /** By which the sender knows the request again: the same request with the same id is carried out once. */
  id?: string | undefined;
  /** Aborted once nobody waits for what comes of it. */
  stopWaiting?: AbortSignal;
}

/** A request of an operator on its way: how long somebody waits for it, and how far it has come. */
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

  /** To be called right before something is sent. @throws {OperatorError} nobody waits any more, so nothing is sent. */
  send(): void {
    if (this.#stopWaiting?.aborted) throw this.#abandonment();
    this.#progress = 'sent';
  }

  /** To be called once a worker has taken it. */
  take(): void {
    this.#progress = 'taken';
    if (this.#stopWaiting?.aborted) this.#abandoned.reject(this.#abandonment());
  }

  /**
   * Waits for `work` as long as somebody waits for the request.
   *
   * @throws {OperatorError} what is known of the request by the time that nobody does.
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
