// `npm run drill`: loses a database and gets it back, on servers of its own in a folder of its own, and says how long that took.
// Ends with 1 when what came back is not what was there, or could not be compared. `npm run cli -- check` does that for any database.
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { fillDataset } from '../bench/dataset_fill.ts';
import { seed } from '../seeds/index.ts';
import { hashPassword } from '../src/platform/passwords.ts';
import { type DrillResult, runDrill } from './drill/run.ts';
import { withClient } from './drill/scene.ts';
import { migrate } from './migrate.ts';

/** As docs/backup.md promises, in seconds: from an empty machine to a product that answers, for a gigabyte. */
const MOST_RTO = 600;
/** The drill's own; a real installation sets archive_timeout = 60s. */
const ARCHIVE_TIMEOUT = 2;

const { values } = parseArgs({
  options: { customers: { type: 'string' }, folder: { type: 'string' } },
});
const complaints = await drill();
for (const complaint of complaints) console.error(`FAILED: ${complaint}`);
if (!complaints.length) console.log('The drill passed.');
process.exitCode = complaints.length ? 1 : 0;

async function drill(): Promise<string[]> {
  const line = (what: string, value: string) => console.log(`${what.padEnd(52)} ${value.padStart(12)}`);
  try {
    const result = await runDrill({
      folder: values.folder ?? tmpdir(),
      archiveTimeout: ARCHIVE_TIMEOUT,
      fill: (url) => fill(url, Number(values.customers ?? 0)),
      say: (step, seconds) => line(step, `${seconds.toFixed(1)} s`),
    });
    for (const [what, value] of summary(result)) line(what, value);
    const slow = Math.max(result.rto.newest, result.rto.before) > MOST_RTO;
    return [...result.complaints, ...(slow ? [`restoring took longer than ${MOST_RTO} s`] : [])];
  } catch (error) {
    return [`the drill could not be gone through: ${error instanceof Error ? error.stack : error}`];
  }
}

function summary({ bytes, rto, rpo, confirmed }: DrillResult): [string, string][] {
  return [
    ['size of the base backup', `${Math.round(bytes / 1_000_000)} MB`],
    ['changes confirmed, before the mistake / in all', `${confirmed.before} / ${confirmed.all}`],
    ['RTO: until the product answers, all there is', `${rto.newest.toFixed(1)} s`],
    ['RTO: until the product answers, before the mistake', `${rto.before.toFixed(1)} s`],
    ['RPO: confirmed changes lost with the machine', `${rpo.changes} (${rpo.seconds.toFixed(1)} s)`],
  ];
}

/** The two demo companies, and where a number is asked for twenty more with that many customers in the largest. */
async function fill(url: string, customers: number): Promise<void> {
  await migrate(url);
  if (customers) {
    const hash = await hashPassword('correct horse battery staple');
    await withClient(url, (client) =>
      fillDataset(
        async (text, params) => (await client.query(text, params)).rows as never,
        { customers, tenants: 20 },
        hash,
      ),
    );
  }
  await seed({ DATABASE_URL: url });
}
