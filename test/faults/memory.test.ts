// Little memory: RE-15. A process that may use 256 MB of heap answers people while it writes a list and hands out others.
import { sharedDatabase, useFaultGround } from './ground.ts';
import { Ledger } from './people.ts';
import { peakMemoryOf, until } from './process.ts';

/** Rows of the list; `npm run test:faults` takes a larger one. */
const ROWS = process.env.FAULTS_KILLS ? 100_000 : 4_000;
/** In these the whole list is exported again and again. */
const EXPORTING = ['csv', 'xlsx'] as const;
const HEAP = '--max-old-space-size=256';

const ground = useFaultGround(sharedDatabase);

test(`with 256 MB of heap a process imports ${ROWS} rows and exports them while people work`, async () => {
  const product = await ground.start({ ROLE: 'all', NODE_OPTIONS: HEAP });
  await product.ready();
  const pid = product.pid;
  const ledger = new Ledger();
  const [exporter, ...people] = await ground.people(product.url);
  exporter!.patience = 180_000;
  ledger.begin(people);
  const rows = Array.from({ length: ROWS }, (_, i) => `Imported ${i},Ulm,${`About customer ${i}. `.repeat(20)}`);
  const sent = await ground.upload(product.url, ['Name,City,Description', ...rows].join('\n'), { commit: true });
  const { data } = (await sent.json()) as { data: { id: string } };
  let done = false;
  const exporting = EXPORTING.map(async (format) => {
    while (!done) expect((await exporter!.send(`/customers.${format}`)).status).toBe(200);
  });
  await until('the import to be done', async () => (await state(data.id)) === 'committed', 20 * 60_000);
  done = true;
  await Promise.all(exporting);
  await ledger.finish();

  const { text } = await exporter!.send('/customers.csv');
  expect(text.match(/^"?Imported /gm)).toHaveLength(ROWS);
  expect([product.alive(), product.pid]).toEqual([true, pid]);
  expect([ledger.failures, ledger.odd(), product.faults()]).toEqual([[], [], []]);
  await ground.keptEverything(ledger);
  const peak = Math.round(peakMemoryOf(product.pid) / 1e6);
  console.log(`${ROWS} rows imported and exported: at most ${peak} MB resident; ${ledger.statuses().join(', ')}`);
  expect(await product.end()).toBe(0);
}, 1_300_000);

const state = async (id: string): Promise<string> =>
  (await ground.sql<{ state: string }>('select state from imports where id = $1', [id]))[0]!.state;
