import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Puts messages and stacks of failures among what the codec encrypts. Loaded by Temporal under this name, also into the
 * workflow's sandbox.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
