import { httpProblemsOf, Problems } from '../runtime/problem.ts';
import type { HttpProblemCode, ProblemEntry } from '../runtime/problem.ts';

/** Problems of this service itself, beside those of HTTP. docs/encryption.md says what to do about each. */
const ownProblems = {
  OriginNotAllowed: { status: 403, title: 'Pages of this origin may not use the codec server.', retryable: false },
  SubjectNotAllowed: { status: 403, title: 'This person may not read what is encrypted.', retryable: false },
  DecryptionFailed: { status: 422, title: 'A payload cannot be decrypted.', retryable: false },
  TokenKeysUnavailable: {
    status: 503,
    title: 'The keys that check access tokens cannot be fetched.',
    retryable: true,
  },
} as const satisfies Record<string, ProblemEntry>;

export const codecServerProblems: Record<HttpProblemCode | keyof typeof ownProblems, ProblemEntry> = {
  ...httpProblemsOf('The codec server'),
  ...ownProblems,
};

export const problems = new Problems((code: keyof typeof codecServerProblems) => codecServerProblems[code]);
