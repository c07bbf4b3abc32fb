import { ApplicationFailure, DefaultFailureConverter } from '@temporalio/common';
import { DECISION_REFUSED } from '../contract/updates.ts';

/**
 * Puts messages and stacks of failures among what the codec encrypts. Refusals of decisions stay in clear: the Temporal
 * UI shows them to whoever decides without decoding them, and they repeat nothing that anybody wrote.
 */
class EncryptedFailureConverter extends DefaultFailureConverter {
  readonly #inClear = new DefaultFailureConverter();

  constructor() {
    super({ encodeCommonAttributes: true });
  }

  override errorToFailure(...[error, ...others]: Parameters<DefaultFailureConverter['errorToFailure']>) {
    const isRefusal = error instanceof ApplicationFailure && error.type === DECISION_REFUSED;
    return isRefusal ? this.#inClear.errorToFailure(error, ...others) : super.errorToFailure(error, ...others);
  }
}

/** Loaded by Temporal under this name, also into the workflow's sandbox. */
export const failureConverter = new EncryptedFailureConverter();
