/** Jest 30 strips types the way Node does, so nothing is transformed. Run it through `npm test`, which brings the servers. */
export default {
  testEnvironment: '<rootDir>/test/environment.mjs',
  roots: ['<rootDir>/test'], // else Jest looks at every file of node_modules and of local data first
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: process.env.FAULTS_KILLS ? [] : ['/test/faults/long/'], // minutes each: npm run test:faults
  transform: {},
  extensionsToTreatAsEsm: ['.ts'], // else files are loaded by require(), which refuses top-level await anywhere below
  globalSetup: '<rootDir>/test/global-setup.ts',
  globalTeardown: '<rootDir>/test/global-teardown.ts',
  testSequencer: '<rootDir>/test/longest_first.mjs',
  maxWorkers: 3, // of two cores: a worker waits half the time, for PostgreSQL, a browser or a program
  workerIdleMemoryLimit: '700MB', // ES modules of finished test files stay on the heap
  testTimeout: 60_000, // not what a test takes, but what one may wait for others on a busy machine
};
