// The order of test files: those that take longest begin first, or the last of them would run while the other workers idle.
// Jest remembers durations only from run to run; a fresh checkout has none, and the size of a file says little.

/** Those of more than half a minute, the longest first; a name that is gone or missing here costs time and nothing else. */
const LONGEST = [
  'browser/pages',
  'faults/database',
  'imports/property',
  'faults/processes',
  'home/dashboard_live',
  'imports/kill_worker',
  'faults/redis',
  'bench/reports',
  'faults/start',
  'imports/wizard',
  'reports/page',
  'session/passwords',
  'kernel/matrix',
  'session/browser',
  'cli/operator',
  'reports/pdf',
  'reports/export',
  'imports/progress',
  'bench/import',
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
