// Whatever list a company sends: what is planned is what happens, every row is accounted for, sent again it changes nothing,
// and taken back it was never there. IM-17..IM-19, IM-21.
import { commitImport, undoImport } from '../../../src/modules/imports/imports.service.ts';
import { assertAccounted } from '../../../src/modules/imports/model.ts';
import { makeTenant } from '../../helpers/fixture.ts';
import { findViolations } from '../../helpers/invariants.ts';
import { generateList, type Known } from './generated_lists.ts';
import { countsOf, type Ground, useGround } from './ground.ts';
import { complaints, unreadable } from './oracle.ts';
import { wholeNumber } from './random.ts';

const LISTS = wholeNumber('LISTS', 200);
/** Other seeds make other lists; a failure says what brings its list back. */
const SEED = wholeNumber('LISTS_SEED', 20_261_121);
const FROM = wholeNumber('LISTS_FROM', 1);
/** Companies whose lists are imported side by side; what one holds is compared before and after, so it has one at a time. */
const COMPANIES = 4;
const KNOWN = 12;

interface Company {
  ground: Ground;
  known: Known[];
  people: Map<string, string>;
}

const ground = useGround({ IMPORT_FILES: '100000' });
const companies: Company[] = [];
beforeAll(async () => {
  for (let n = 1; n <= COMPANIES; n += 1) companies.push(await openCompany(`lists${n}`));
}, 60_000);

async function openCompany(slug: string): Promise<Company> {
  const tenant = await makeTenant(ground.app.database.url, ground.app.platform, slug);
  // Two of them share an address, which lists have to live with.
  const known = Array.from({ length: KNOWN }, (_, i) => ({
    external_id: `known-${i}`,
    email: `known${Math.max(i, 1)}@list.example`,
    name: `Known Customer ${i}`,
  }));
  await ground.sql(
    `insert into customers (tenant_id, name, external_id, email, city, currency, created_by, updated_by)
     select $1, k->>'name', k->>'external_id', k->>'email', case when n % 2 = 0 then 'Jena' end, 'EUR', $2, $2
     from jsonb_array_elements($3::jsonb) with ordinality x (k, n)`,
    [tenant.id, tenant.users.admin.id, JSON.stringify(known)],
  );
  const { manager, sales } = tenant.users;
  const people = new Map([
    [manager.email, manager.id],
    [manager.email.toUpperCase(), manager.id],
    [sales.email, sales.id],
  ]);
  return { ground: ground.of(tenant), known, people };
}

/** Everything that an import may write, a text for each record. */
async function recordsOf({
  acme,
  sql,
}: Ground): Promise<{ records: Record<string, string>; customers: number; trail: number }> {
  const business = (table: string) =>
    `select '${table}' as t, id, to_jsonb(r) - 'version' - 'updated_at' - 'updated_by' - 'search_text' as row
     from ${table} r where tenant_id = $1 and deleted_at is null`;
  const [found] = await sql<{ records: Record<string, string>; customers: number; trail: number }>(
    `select coalesce(jsonb_object_agg(t || ' ' || id, row::text), '{}') as records,
       (select count(*)::integer from customers where tenant_id = $1 and deleted_at is null) as customers,
       (select count(*)::integer from audit_log where tenant_id = $1) as trail
     from (${business('customers')} union all ${business('contacts')} union all ${business('accounts')} union all
       select 'tag ' || tag_id, customer_id, 'true' from customer_tags x where tenant_id = $1
         and exists (select from customers c where c.id = x.customer_id and c.deleted_at is null)) all_of_it`,
    [acme.id],
  );
  return found!;
}

/** Lists that were planned, understood and imported again, and what became of their rows. */
type Sums = Record<
  'planned' | 'understood' | 'again' | 'created' | 'updated' | 'unchanged' | 'skipped' | 'failed',
  number
>;
/** Of each list, at least. */
const LEAST: Sums = {
  planned: 0.8,
  understood: 0.8,
  again: 0.15,
  created: 5,
  updated: 0.5,
  unchanged: 0.03,
  skipped: 1,
  failed: 1,
};

/** One list, from its upload to the day when it is taken back. */
async function holds({ ground: at, known, people }: Company, number: number, sums: Sums): Promise<void> {
  const list = generateList(SEED, number, known, people);
  const before = await recordsOf(at);
  const upload = async () => {
    const id = await at.upload(list.content, list.options, 'customers', list.name);
    await at.drive(id);
    return at.load(id);
  };
  const planned = await upload();
  // Only the upload itself is told of.
  expect(await recordsOf(at)).toEqual({ ...before, trail: before.trail + 1 });
  if (planned.state === 'failed') {
    expect(unreadable(planned.error)).toBeNull();
    return;
  }
  expect(planned).toMatchObject({ state: 'planned', task: null, rows: list.lines.length });
  assertAccounted(planned);
  const commit = async (id: string) => {
    await at.as((ctx) => commitImport(ctx, id, null));
    await at.drive(id);
    return at.load(id);
  };
  const done = await commit(planned.id);
  // Nobody else wrote meanwhile, so nothing may have turned out otherwise.
  const otherwise =
    'select row_number, plan, result, problems from import_plan where import_id = $1 and result is not null';
  expect(await at.sql(otherwise, [done.id])).toEqual([]);
  expect(done).toMatchObject({ state: 'committed', ...countsOf(planned) });
  const [{ written } = { written: 0 }] = await at.sql<{ written: number }>(
    `select count(*)::integer as written from import_plan where import_id = $1 and (plan = 'create' or changes <> '{}' and plan = 'update')`,
    [done.id],
  );
  const customers = before.customers + done.created;
  // A line for every record that was written, one for the upload and one for the end.
  expect(await recordsOf(at)).toMatchObject({ customers, trail: before.trail + written + 2 });
  const found = await complaints(at, list, done);
  expect(found.complaints).toEqual([]);
  sums.planned += 1;
  if (found.understood) sums.understood += 1;
  for (const name of ['created', 'updated', 'unchanged', 'skipped', 'failed'] as const) sums[name] += done[name];

  if (list.key && found.understood && found.mapped.has(list.key)) {
    const again = await upload();
    expect(countsOf(again)).toMatchObject({ rows: done.rows, created: 0, updated: 0 });
    expect(await commit(again.id)).toMatchObject({ state: 'committed', ...countsOf(again) });
    sums.again += 1;
  }
  if (!(done.created + done.updated)) return;
  await at.as((ctx) => undoImport(ctx, done.id));
  await at.drive(done.id);
  expect(await at.load(done.id)).toMatchObject({ state: 'undone', ...countsOf(done) });
  expect(await recordsOf(at)).toMatchObject({ records: before.records, customers: before.customers });
}

test(`${LISTS} lists, none like another, are imported as planned, change nothing the second time and go without a trace`, async () => {
  const sums: Sums = {
    planned: 0,
    understood: 0,
    again: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    skipped: 0,
    failed: 0,
  };
  const wrong: string[] = [];
  let next = FROM;
  const lane = async (company: Company) => {
    while (next < FROM + LISTS) {
      const number = next;
      next += 1;
      await holds(company, number, sums).catch((error: Error) => {
        wrong.push(`LISTS_SEED=${SEED} LISTS_FROM=${number} LISTS=1: ${error.message}`);
      });
    }
  };
  await Promise.all(companies.map(lane));
  if (wrong.length) throw new Error(`${wrong.length} of ${LISTS}\n${wrong.slice(0, 10).join('\n\n')}`);
  expect(await findViolations(ground.app.database.url)).toEqual([]);
  // Lists that are all refused, or of which nothing is understood, would show nothing.
  const few = Object.entries(sums).filter(([name, sum]) => sum < LISTS * LEAST[name as keyof Sums]);
  expect({ few, sums }).toEqual({ few: LISTS < 100 ? expect.anything() : [], sums });
}, 600_000);
