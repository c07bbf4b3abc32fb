import { ApplicationFailure, DefaultFailureConverter } from '@temporalio/common';
import { DECISION_REFUSED } from '../contract/updates.ts';

/**
 * Makes the codec encrypt messages and stacks of failures, too. Refusals of decisions stay in clear: the Temporal UI
 * shows them to the operator without decoding them, and they repeat nothing that a person wrote.
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

/** Temporal's SDK loads the converter by this name, also into the sandbox of workflows. */
export const failureConverter = new EncryptedFailureConverter();
