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
  // `npm run test:containers` runs these tests. They need Docker, or podman as root.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/containers/'],
  testSequencer: '<rootDir>/test/longest-first.mjs',
  // Three workers suit two cores: some tests only wait for time to pass, and leave their core to others.
  maxWorkers: 3,
  // Only a test that hangs reaches this. A test takes seconds, and many times as long on a slow or busy machine.
  testTimeout: 240_000,
  reporters: ['default', '<rootDir>/test/closing-line-reporter.mjs'],
};

export default config;
