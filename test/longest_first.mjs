// The order of test files: those that take longest begin first, or the last of them would run while the other workers idle.
// Jest remembers durations only from run to run; a fresh checkout has none, and the size of a file says little.

/** Those of more than half a minute, the longest first; a name that is gone or missing here costs time and nothing else. */
const LONGEST = [
  'imports/property',
  'browser/pages',
  'faults/database',
  'faults/processes',
  'long/monkey',
  'long/full_database',
  'imports/kill_worker',
  'bench/measuring',
  'home/dashboard_live',
  'imports/wizard',
  'cli/operator',
  'bench/import',
  'reader/hostile',
  'kernel/matrix',
  'platform/recovery',
  'reports/page',
  'session/passwords',
  'session/browser',
  'faults/start',
  'reader/fuzz',
  'reports/crawler',
  'imports/progress',
];

/** As much of Jest's own sequencer (@jest/test-sequencer) as a run asks for. */
export default class LongestFirst {
  /** @param {{ path: string, context: { hasteFS: { getSize(path: string): number | null } } }[]} tests */
  sort(tests) {
    /** @param {string} path */
    const place = (path) => {
      const found = LONGEST.findIndex((name) => path.includes(name));
      return found < 0 ? LONGEST.length : found;
    };
    /** @param {(typeof tests)[number]} test */
    const size = ({ path, context }) => context.hasteFS.getSize(path) ?? 0;
    return [...tests].sort((a, b) => place(a.path) - place(b.path) || size(b) - size(a));
  }

  /** Nothing is remembered, so no test is known to have failed. */
  allFailedTests() {
    return [];
  }

  cacheResults() {}
}
