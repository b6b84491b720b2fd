// The worker process itself is killed (SIGKILL) in the middle of writing and of taking back a long list, and another one
// goes on: nothing is lost, nothing is done twice. IM-20. `npm run test:faults` kills it oftener, with longer lists.
import { commitImport, undoImport } from '../../../src/modules/imports/imports.service.ts';
import { findViolations } from '../../helpers/invariants.ts';
import { countsOf, csv, useGround } from './ground.ts';
import { type Killer, openKiller } from './killing.ts';
import { randomOf, wholeNumber } from './random.ts';

/** How often it is killed while it writes, and again so often while it takes back. */
const KILLS = wholeNumber('FAULTS_KILLS', 8);
const SEED = wholeNumber('FAULTS_SEED', Date.now() % 1_000_000);
/** A multiple of a hundred. */
const ROWS = wholeNumber('FAULTS_ROWS', 4_000);
const MAIL = 'office-';

let killer: Killer;
const ground = useGround({}, () => killer?.stop());
beforeAll(() => {
  killer = openKiller(ground, randomOf(SEED));
});

/** What becomes of a row; it stands in its external id, so that the tables can be asked. */
type Kind = 'create' | 'person' | 'update' | 'person-there' | 'carries' | 'same' | 'wrong' | 'twice';
/** Of each hundred rows. */
const SHARE: [kind: Kind, rows: number][] = [
  ['create', 40],
  ['person', 20],
  ['update', 16],
  ['person-there', 4],
  ['carries', 2],
  ['same', 8],
  ['wrong', 5],
  ['twice', 5],
];
const KINDS = SHARE.flatMap(([kind, rows]) => Array.from({ length: rows }, () => kind));
const of = (...kinds: Kind[]): number =>
  SHARE.reduce((sum, [kind, rows]) => sum + (kinds.includes(kind) ? rows : 0), 0) * (ROWS / 100);

/** A list in which the kinds are mixed. @param people whether rows bring contacts: then chunks are written one after another */
function list(name: string, people: boolean): string {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const kind = KINDS[(i * 37) % 100]!;
    const key = `${name}:${kind}:${i}`;
    const brings = people && ['person', 'person-there', 'carries'].includes(kind);
    return [
      kind === 'twice' ? `${name}:create:${KINDS.indexOf('create')}` : key,
      `Customer ${key}`,
      kind === 'carries' || kind === 'same' ? 'Old town' : 'New town',
      kind === 'wrong' ? 'nobody' : `${MAIL}${key.replaceAll(':', '-')}@list.example`,
      ...(people ? [brings ? `Person ${key}` : '', brings ? `${key}@person.example`.replaceAll(':', '-') : ''] : []),
    ];
  });
  return csv(['External id', 'Name', 'City', 'E-mail', ...(people ? ['Contact', 'Contact e-mail'] : [])], ...rows);
}

/** The customers that the list speaks of and that are there already. */
const existing = (name: string): string[] =>
  Array.from({ length: ROWS }, (_, i) => [KINDS[(i * 37) % 100]!, i] as const).flatMap(([kind, i]) =>
    ['update', 'person-there', 'carries', 'same'].includes(kind) ? [`${name}:${kind}:${i}`] : [],
  );

const addExisting = (name: string) =>
  ground.sql(
    `insert into customers (tenant_id, name, external_id, city, email, currency, created_by, updated_by)
     select $1, 'Customer ' || key, key, 'Old town', $4 || lower(replace(key, ':', '-')) || '@list.example', 'EUR', $2, $2
     from unnest($3::text[]) key`,
    [ground.acme.id, ground.acme.users.admin.id, existing(name), MAIL],
  );

/** What the tables say of a list's records of one kind, and the trail of them. */
interface Told {
  kind: Kind;
  /** with the same external id once only, at this version, in the trash or not */
  records: string[];
  /** 'imported 1 ×6000': verb, version and of how many different records; twice for one record would be told so */
  trail: string[];
  /** the same of the contacts */
  people: string[];
  people_trail: string[];
}

async function told(name: string): Promise<Told[]> {
  const trailOf = (records: string) => `
    select k.kind, a.verb || ' ' || a.version || ' ×' || count(distinct a.record_id) ||
      case when count(*) > count(distinct a.record_id) then ' twice!' else '' end as line
    from ${records} k join audit_log a on a.tenant_id = $1 and a.record_id = k.id group by k.kind, a.verb, a.version`;
  return ground.sql<Told>(
    `with k as (
       select id, split_part(external_id, ':', 2) as kind, external_id, version, city, deleted_at is not null as trashed
       from customers where tenant_id = $1 and external_id like $2),
     p as (
       select c.id, k.kind, c.version, c.deleted_at is not null as trashed, c.email,
         c.email = lower(replace(k.external_id, ':', '-')) || '@person.example' as fits
       from contacts c join k on k.id = c.customer_id where c.tenant_id = $1),
     records as (
       select kind, city || ' ' || version || case when trashed then ' in the trash' else '' end ||
         ' ×' || count(distinct external_id) || case when count(*) > count(distinct external_id) then ' twice!' else '' end as line
       from k group by kind, city, version, trashed),
     people as (
       select kind, case when fits then '' else 'wrong ' end || version || case when trashed then ' in the trash' else '' end ||
         ' ×' || count(distinct email) || case when count(*) > count(distinct email) then ' twice!' else '' end as line
       from p group by kind, fits, version, trashed),
     trail as (${trailOf('k')}), people_trail as (${trailOf('p')})
     select kind, ${['records', 'trail', 'people', 'people_trail']
       .map((t) => `array(select line from ${t} x where x.kind = kinds.kind order by 1) as ${t}`)
       .join(', ')}
     from (select distinct kind from k) kinds order by 1`,
    [ground.acme.id, `${name}:%`],
  );
}

/** What they have to say once the list is written, and once it is taken back. */
function expected(people: boolean, undone: boolean): Told[] {
  const lines = (kind: Kind, made: boolean, changed: boolean, brings: boolean): Told => {
    const n = of(kind);
    const back = undone ? ' in the trash' : '';
    return {
      kind,
      records: made
        ? [`New town ${undone ? 2 : 1}${back} ×${n}`]
        : changed
          ? [undone ? `Old town 3 ×${n}` : `New town 2 ×${n}`]
          : [`Old town 1 ×${n}`],
      trail: made
        ? [`imported 1 ×${n}`, ...(undone ? [`trashed 2 ×${n}`] : [])]
        : changed
          ? [`imported 2 ×${n}`, ...(undone ? [`updated 3 ×${n}`] : [])]
          : [],
      people: brings && people ? [`${undone ? 2 : 1}${back} ×${n}`] : [],
      people_trail: brings && people ? [`imported 1 ×${n}`, ...(undone ? [`trashed 2 ×${n}`] : [])] : [],
    };
  };
  return [
    lines('carries', false, false, true),
    lines('create', true, false, false),
    lines('person', true, false, true),
    lines('person-there', false, true, true),
    lines('same', false, false, false),
    lines('update', false, true, false),
  ];
}

/** Ends of the import that the trail tells of. */
const ends = async (id: string): Promise<string[]> =>
  (
    await ground.sql<{ verb: string }>(
      `select verb from audit_log where entity = 'import' and record_id = $1 and verb in ('imported', 'undone') order by at`,
      [id],
    )
  ).map(({ verb }) => verb);

/** A list is planned, written and taken back. @returns how many kills left work behind */
async function goThrough(name: string, people: boolean, kills: Kills): Promise<Kills> {
  await addExisting(name);
  const id = await ground.upload(list(name, people));
  const counts = {
    rows: ROWS,
    created: of('create', 'person'),
    updated: of('update', 'person-there') + (people ? of('carries') : 0),
    unchanged: of('same') + (people ? 0 : of('carries')),
    skipped: of('twice'),
    failed: of('wrong'),
  };
  expect(countsOf(await killer.until(id, 'planned'))).toEqual(counts);

  await ground.as((ctx) => commitImport(ctx, id, null));
  const writing = await killer.seeThrough(id, 'committed', kills.writing);
  expect(countsOf(await ground.load(id))).toEqual(counts);
  expect(await told(name)).toEqual(expected(people, false));
  expect(await ends(id)).toEqual(['imported']);

  await ground.as((ctx) => undoImport(ctx, id));
  const taking_back = await killer.seeThrough(id, 'undone', kills.taking_back);
  expect(countsOf(await ground.load(id))).toEqual(counts);
  expect(await told(name)).toEqual(expected(people, true));
  expect(await ends(id)).toEqual(['imported', 'undone']);
  return { writing, taking_back };
}

interface Kills {
  writing: number;
  taking_back: number;
}

test(`killed ${KILLS} times while it writes and ${KILLS} times while it takes back, a worker leaves nothing half done`, async () => {
  const left: Kills = { writing: KILLS, taking_back: KILLS };
  try {
    for (let n = 1; left.writing || left.taking_back; n += 1) {
      const hit = await goThrough(`List${n}`, n % 2 === 0, left);
      left.writing -= hit.writing;
      left.taking_back -= hit.taking_back;
    }
    expect(await findViolations(ground.app.database.url)).toEqual([]);
  } catch (error) {
    console.error(`FAULTS_SEED=${SEED} makes the same choices again`);
    throw error;
  }
}, 900_000);
