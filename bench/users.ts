// `npm run bench -- users`: many people at work at once, each in a session of their own, with pauses as people make them.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stopOnSignals } from '../src/platform/parent.ts';
import { DATASET_OPTIONS, datasetSize, keptDataset } from './dataset.ts';
import { slugOf } from './dataset_fill.ts';
import { emailOf } from './dataset_rows.ts';
import { type BenchTenant, type Ground, openGround } from './ground.ts';
import { machine, megabytes, percentile, tableUnder, writeDown } from './result.ts';
import { cpuOf, memoryOf } from './watched.ts';

/** Milliseconds within which 95 of 100 answers have to come while everybody works. */
const TARGETS: Record<string, number> = {
  list: 200,
  'next page': 200,
  record: 100,
  search: 500,
  edit: 500,
  report: 500,
};
const MOST_FAILED = 0.01;
/** Seconds that somebody looks at a page. */
const PAUSE = { least: 2, most: 5 };
/** The salespeople of a tenant, see bench/dataset_rows.ts. */
const SALES = { first: 7, count: 18 };
const MEMORY_EVERY_MS = 10_000;
const WORDS = ['Kaldana', 'era', 'nova', 'Berlin', 'Pilot', 'lux', 'Novak', 'Logistics'];

const HEADS = { what: 'what', asked: 'asked', times: 'p50 / p95 / p99', failed: 'failed', verdict: 'target' };

interface Done {
  what: string;
  ms: number;
  /** what it answered instead of what it should */
  failed: string;
}

/** @throws Error when somebody cannot sign in */
export async function benchUsers(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...DATASET_OPTIONS,
      users: { type: 'string', default: '100' },
      minutes: { type: 'string', default: '10' },
      write: { type: 'boolean', default: false },
    },
  });
  const [users, minutes] = [Number(values.users), Number(values.minutes)];
  if (!Number.isInteger(users) || users < 1) throw new Error('--users takes a whole number');
  if (!(minutes > 0)) throw new Error('--minutes takes a number above 0');
  const set = await keptDataset(datasetSize(values), values.data);
  const ground = await openGround([], set.home);
  stopOnSignals(ground.stop);
  try {
    const [server] = await ground.sql<{ server_version: string }>('show server_version');
    const about = [
      machine(server!.server_version),
      `${users} people of ${set.tenants} companies, the largest with ${set.customers} customers, for ${minutes} minutes, a pause of ${PAUSE.least} to ${PAUSE.most} s after each page`,
    ];
    console.log(`${about.join('\n')}\n`);
    const people: BenchTenant[] = [];
    for (let i = 0; i < users; i += 1) {
      const person = SALES.first + (Math.floor(i / set.tenants) % SALES.count);
      people.push(await ground.member(emailOf(slugOf(1 + (i % set.tenants)), person)));
    }
    const text = await work(ground, people, minutes * 60_000);
    console.log(text);
    if (values.write) writeDown('bench users', `${about.join('  \n')}\n\n${text}`);
  } finally {
    await ground.stop();
  }
}

async function work(ground: Ground, people: readonly BenchTenant[], ms: number): Promise<string> {
  const until = performance.now() + ms;
  const done: Done[] = [];
  const memory: number[] = [];
  const [cpu, begin] = [cpuOf(ground.web.pid), performance.now()];
  const watch = setInterval(() => memory.push(memoryOf(ground.web.pid)), MEMORY_EVERY_MS);
  await Promise.all(people.map((person, number) => oneDay(ground, person, number, until, done)));
  clearInterval(watch);
  const elapsed = (performance.now() - begin) / 1000;
  const lines = [...new Set(done.map(({ what }) => what))].map((what) => {
    const these = done.filter((one) => one.what === what);
    const took = these.map((one) => one.ms);
    const failed = these.filter((one) => one.failed).length;
    const p95 = percentile(took, 0.95);
    const target = TARGETS[what];
    return {
      what,
      asked: String(these.length),
      times: `${[0.5, 0.95, 0.99].map((share) => percentile(took, share).toFixed(0)).join(' / ')} ms`,
      failed: String(failed),
      verdict: target ? `<= ${target} ms: ${p95 <= target ? 'yes' : 'NO'}` : '',
    };
  });
  const failed = done.filter((one) => one.failed);
  const share = failed.length / done.length;
  const third = Math.max(1, Math.floor(memory.length / 3));
  const mean = (some: readonly number[]) => some.reduce((sum, one) => sum + one, 0) / some.length;
  const rest = [
    `${(done.length / elapsed).toFixed(1)} answers a second; the web process used ${((cpuOf(ground.web.pid) - cpu) / elapsed).toFixed(2)} of a core`,
    `failed: ${failed.length} of ${done.length} (<= 1 %: ${share <= MOST_FAILED ? 'yes' : 'NO'}) ${[...new Set(failed.map((one) => one.failed))].slice(0, 5).join('; ')}`,
    `memory of web: ${megabytes(mean(memory.slice(0, third)))} in the first third, ${megabytes(mean(memory.slice(-third)))} in the last, ${megabytes(Math.max(...memory))} at most (<= 300 MB: ${Math.max(...memory) <= 300e6 ? 'yes' : 'NO'})`,
  ];
  return `${tableUnder(HEADS, lines)}\n\n${rest.join('  \n')}`;
}

/** What one person does: mostly lists and records, now and then a search, a change, a report. */
async function oneDay(ground: Ground, person: BenchTenant, number: number, until: number, done: Done[]): Promise<void> {
  // Everybody draws other numbers, and the same in every run.
  let state = number * 7919 + 17;
  const chance = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const ask = async (what: string, at: string, init: RequestInit = {}, right = 200): Promise<string> => {
    const begin = performance.now();
    let [text, failed] = ['', ''];
    try {
      const headers = { cookie: person.cookie, ...(init.headers as Record<string, string>) };
      const answer = await fetch(ground.url + at, { redirect: 'manual', ...init, headers });
      text = await answer.text();
      if (answer.status !== right) failed = `${what} ${at}: ${answer.status}`;
    } catch (error) {
      failed = `${what}: ${(error as Error).message}`;
    }
    done.push({ what, ms: performance.now() - begin, failed });
    return text;
  };
  await sleep(chance() * PAUSE.most * 1000);
  let [list, record] = ['', ''];
  while (performance.now() < until) {
    const table = ['customers', 'leads', 'contacts', 'projects', 'interactions'][Math.floor(chance() * 5)]!;
    const turn = chance();
    if (turn < 0.3 || !list) list = await ask('list', `/${table}`);
    else if (turn < 0.4) {
      const next = /id="page-next" href="([^"]+)"/.exec(list)?.[1]?.replaceAll('&amp;', '&');
      if (next) list = await ask('next page', next);
    } else if (turn < 0.65) {
      const links = [...list.matchAll(/class="row-link" href="([^"]+)"/g)].map((found) => found[1]!);
      const link = links[Math.floor(chance() * links.length)]?.replaceAll('&amp;', '&');
      if (link) record = await ask('record', link);
    } else if (turn < 0.8) await ask('search', `/search?q=${WORDS[Math.floor(chance() * WORDS.length)]}`);
    else if (turn < 0.88) await note(record, ask, ground.url, number);
    else if (turn < 0.93) await ask('report', '/reports/conversion-rate');
    else await ask('dashboard', '/');
    await sleep((PAUSE.least + chance() * (PAUSE.most - PAUSE.least)) * 1000);
  }
}

/** Writes a note under the record that is open, as its form does. */
async function note(
  record: string,
  ask: (what: string, at: string, init?: RequestInit, right?: number) => Promise<string>,
  origin: string,
  number: number,
): Promise<void> {
  const form = /<form[^>]*action="\/notes"[\s\S]*?<\/form>/.exec(record)?.[0] ?? '';
  const body = new URLSearchParams({ body: `Bench note of person ${number}` });
  for (const [, name, value] of form.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g))
    body.set(name!, value!.replaceAll('&amp;', '&'));
  if (body.has('_csrf')) await ask('edit', '/notes', { method: 'POST', headers: { origin }, body }, 303);
}
