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
  // One real server or browser at a time is enough for two cores.
  maxWorkers: 2,
  // Reached only by what hangs: a test takes seconds, and many times that on a machine that is slow or busy.
  testTimeout: 240_000,
  reporters: ['default', '<rootDir>/test/closing-line-reporter.mjs'],
};

export default config;
