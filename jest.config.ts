import type { Config } from 'jest';

/** Native ES modules with the same `.ts` imports that Node runs; swc only strips the types. */
const config: Config = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
      },
    ],
  },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // npm run test:containers, which needs root.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/containers/'],
  testSequencer: '<rootDir>/test/longest-first.mjs',
  // For two cores: a part of the tests waits for time to pass, and leaves its core to the others.
  maxWorkers: 3,
  // Reached only by what hangs: a test takes seconds, and many times that on a machine that is slow or busy.
  testTimeout: 240_000,
  reporters: ['default', '<rootDir>/test/closing-line-reporter.mjs'],
};

export default config;
