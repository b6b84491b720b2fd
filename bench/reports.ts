// `npm run bench -- reports`: every report of a company with a million customers, as its page and as JSON, one after the other.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { reports } from '../src/modules/reports/all.ts';
import type { Report } from '../src/modules/reports/report.ts';
import { stopOnSignals } from '../src/platform/parent.ts';
import { aboutRun, DATASET_OPTIONS, datasetSize, keptDataset } from './dataset.ts';
import { slugOf } from './dataset_fill.ts';
import { emailOf, READERS } from './dataset_rows.ts';
import { type BenchTenant, type Ground, openGround } from './ground.ts';
import { openReportFloor, type ReportFloor } from './report_floor.ts';
import { milliseconds, percentile, seconds, tableUnder, writeDown } from './result.ts';
import { familyCpuOf } from './watched.ts';

/** 95 of 100 pages and answers have to come within so many milliseconds. */
const TARGET_MS = 300;
const PEOPLE: Record<keyof typeof READERS, string> = {
  admin: 'administrator',
  half: 'sales, owns half',
  few: 'sales, owns 50',
};
const PERIODS: Record<string, Record<string, string>> = {
  '12 months': {},
  'this month': { period: 'this-month' },
  'all time': { period: 'all-time' },
};
const FLOOR_TIMES = 10;

/** How often one thing is asked for: until one of the two is reached, but `least` times. */
interface Effort {
  most: number;
  least: number;
  ms: number;
  /** before anything is measured, so that statements are prepared and pages in memory as on any other day */
  first: number;
}
const FULL: Effort = { most: 100, least: 10, ms: 2_000, first: 3 };
const QUICK: Effort = { most: 5, least: 3, ms: 1_000, first: 1 };

const HEADS = {
  report: 'report',
  who: 'who',
  period: 'period',
  rows: 'rows',
  page: 'page p50 / p95 / p99',
  json: 'JSON p50 / p95 / p99',
  cpu: 'PostgreSQL processor a page',
  floor: 'bare SQL p50',
  ratio: 'times the floor',
  verdict: `p95 <= ${TARGET_MS} ms`,
};
type Line = Record<keyof typeof HEADS, string>;

const NOTHING = { rows: '', page: '', json: '', cpu: '', floor: '', ratio: '' };
/** Answers that say something about a report and are no reason to stop. */
const TROUBLE: Record<number, string> = { 403: 'not for this role', 503: 'NO, too slow to answer' };

interface Asked {
  took: number[];
  /** of PostgreSQL, milliseconds a request */
  cpu: number;
  last: string;
}

/** @throws Error when a report answers with what is neither itself nor among `TROUBLE` */
export async function benchReports(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { ...DATASET_OPTIONS, only: { type: 'string' }, write: { type: 'boolean', default: false } },
  });
  const asked = reports.filter(({ slug }) => !values.only || slug === values.only);
  if (!asked.length) throw new Error(`--only takes one of ${reports.map(({ slug }) => slug).join(', ')}`);
  const set = await keptDataset(datasetSize(values), values.data);
  const ground = await openGround([], set.home);
  const floor = openReportFloor(ground.database_url);
  const stop = async () => {
    await floor.stop();
    await ground.stop();
  };
  stopOnSignals(stop);
  try {
    const { about, postgres } = await aboutRun(ground, set);
    console.log(`${about.join('\n')}\n`);
    const bench = { ground, floor, postgres, effort: values.quick ? QUICK : FULL };
    const lines: Line[] = [];
    for (const report of asked) lines.push(...(await oneReport(bench, report)));
    const table = tableUnder(HEADS, lines);
    console.log(table);
    if (values.write) writeDown('bench reports', `${about.join('  \n')}\n\n${table}`);
  } finally {
    await stop();
  }
}

interface Bench {
  ground: Ground;
  floor: ReportFloor;
  /** process of the server */
  postgres: number;
  effort: Effort;
}

async function oneReport(bench: Bench, report: Report): Promise<Line[]> {
  const lines: Line[] = [];
  for (const [reader, who] of Object.entries(PEOPLE) as [keyof typeof READERS, string][]) {
    // A token of its own, because one may ask only so often in a minute.
    const member = await bench.ground.member(emailOf(slugOf(1), READERS[reader]));
    for (const [period, query] of Object.entries(PERIODS)) {
      const begin = performance.now();
      const line = await oneLine(bench, report, member, query);
      lines.push({ report: report.slug, who, period, ...line });
      const took = seconds((performance.now() - begin) / 1000);
      console.error(`${report.slug}, ${who}, ${period}: ${line.page}, ${line.verdict} (${took})`);
    }
  }
  return lines;
}

async function oneLine(
  bench: Bench,
  report: Report,
  member: BenchTenant,
  query: Record<string, string>,
): Promise<Omit<Line, 'report' | 'who' | 'period'>> {
  const at = `/reports/${report.slug}?${new URLSearchParams(query)}`;
  const page = await ask(bench, at, { cookie: member.cookie });
  const json = await ask(bench, `/api/v1${at}`, { authorization: `Bearer ${member.token}` });
  if (typeof page === 'string') return { ...NOTHING, verdict: page };
  if (typeof json === 'string') return { ...NOTHING, page: percentiles(page.took), verdict: json };
  const { first } = bench.effort;
  const times = first + Math.min(FLOOR_TIMES, page.took.length);
  const bare = (await bench.floor.ask(report, member, query, times)).slice(first);
  const [half, least] = [percentile(page.took, 0.5), percentile(bare, 0.5)];
  const worst = Math.max(...[page, json].map(({ took }) => percentile(took, 0.95)));
  return {
    rows: String(rowsIn(json.last)),
    page: percentiles(page.took),
    json: percentiles(json.took),
    cpu: milliseconds(page.cpu),
    floor: milliseconds(least),
    ratio: (half / least).toFixed(1),
    verdict: worst <= TARGET_MS ? 'yes' : 'NO',
  };
}

/** Asks for the same address again and again, one at a time. @returns what is the matter where there are no figures */
async function ask(bench: Bench, at: string, headers: Record<string, string>): Promise<Asked | string> {
  const { ground, postgres, effort } = bench;
  const once = async () => {
    const begin = performance.now();
    const answer = await fetch(ground.url + at, { headers, redirect: 'manual' });
    const text = await answer.text();
    const trouble = TROUBLE[answer.status];
    if (answer.status !== 200 && !trouble) {
      throw new Error(`${at}: ${answer.status}\n${text.slice(0, 500)}\n${ground.web.faults().join('\n')}`);
    }
    return { took: performance.now() - begin, text, trouble };
  };
  for (let i = 0; i < effort.first; i += 1) {
    const { trouble, text } = await once();
    if (trouble) return trouble;
    // A worker computes it meanwhile; what comes then is what we measure.
    if (text.includes('waiting=1')) {
      i -= 1;
      await sleep(500);
    }
  }
  const [cpu, begin] = [familyCpuOf(postgres), performance.now()];
  const took: number[] = [];
  let last = '';
  while (took.length < effort.most && (took.length < effort.least || performance.now() - begin < effort.ms)) {
    const found = await once();
    if (found.trouble) return found.trouble;
    took.push(found.took);
    last = found.text;
  }
  return { took, cpu: ((familyCpuOf(postgres) - cpu) * 1000) / took.length, last };
}

const percentiles = (took: readonly number[]): string =>
  `${[0.5, 0.95, 0.99].map((share) => percentile(took, share).toFixed(1)).join(' / ')} ms`;

/** Entries of the lists in a report's JSON. */
function rowsIn(text: string): number {
  const { data } = JSON.parse(text) as { data: Record<string, unknown> };
  return Object.values(data).reduce<number>((sum, value) => sum + (Array.isArray(value) ? value.length : 0), 0);
}
