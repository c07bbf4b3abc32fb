/** Why a command could not be carried out. `message` is a sentence that says what to do. */
export class ReviewError extends Error {
  override readonly name = 'ReviewError';
}
