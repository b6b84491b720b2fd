import { type Ctx, can } from '#src/kernel/context.ts';
import { type Entity, entityNamed, fieldLabel } from '#src/kernel/entity.ts';
import { cell } from '#src/kernel/fields/field.ts';
import { one, type RawQuery } from '#src/kernel/list_query.ts';
import type { Cell, ListView, Tone } from '#src/kernel/views.ts';
import { noPager } from './imports.view.ts';
import type { Import, Kept, Plan, PlannedPart, Result } from './model.ts';
import { rowCells, type ShownRow } from './row_cells.ts';
import { fixableState } from './row_form.ts';
import { problemText } from './values.ts';
import type { CountTile, PlanView } from './views.ts';
import { count } from './words.ts';

const PER_PAGE = 50;

/** Rows of one outcome stand behind each tile; the others are reached from where they are spoken of. */
export type Filter = Plan | 'review' | 'kept';
const TILES = ['create', 'update', 'unchanged', 'skip', 'error'] as const;

const CONDITION: Record<Filter, string> = {
  create: `p.plan = 'create' and p.result is null`,
  update: `p.plan = 'update' and p.result is null`,
  unchanged: `(p.plan = 'unchanged' or p.result = 'unchanged')`,
  skip: `p.plan = 'skip'`,
  error: `(p.plan = 'error' or p.result = 'failed')`,
  review: `p.review`,
  kept: `exists (select from import_plan k where k.tenant_id = :tenant and k.import_id = :id
    and k.row_number = p.row_number and k.kept is not null)`,
};

const EMPTY: Record<Filter, string> = {
  create: 'No row makes a new record.',
  update: 'No row changes a record.',
  unchanged: 'No row says just what stands in Rapport already.',
  skip: 'No row is skipped.',
  error: 'No row has an error.',
  review: 'No row waits for a second look.',
  kept: 'No record stayed as it was.',
};

const PLANNED: Record<Plan, [string, Tone]> = {
  create: ['Create', 'green'],
  update: ['Update', 'accent'],
  unchanged: ['Unchanged', 'neutral'],
  skip: ['Skip', 'amber'],
  error: ['Error', 'red'],
};

const DONE: Record<Plan, [string, Tone]> = {
  create: ['Created', 'green'],
  update: ['Updated', 'accent'],
  unchanged: ['Unchanged', 'neutral'],
  skip: ['Skipped', 'amber'],
  error: ['Failed', 'red'],
};

/** Is it still the plan that is looked at, or what came of it? */
const isPlan = (found: Import): boolean => !found.committed_at;

interface PageRow extends ShownRow {
  result: Result | null;
  review: boolean;
  kept: Kept | null;
  parts: (PlannedPart & { kept: Kept | null })[];
}

/** A page of rows, in the order of the file. */
async function rowsOf(ctx: Ctx, id: string, filter: Filter | null, after: number): Promise<PageRow[]> {
  const rows = (await ctx.db.run(
    `/* import.page */ select p.row_number, p.plan, p.result, p.review, p.kept, p.title, p.record_id, p.record_version,
       p.problems, p.changes, p.after, coalesce(r.fixed, r.cells) as cells
     from import_plan p join import_rows r
       on r.tenant_id = p.tenant_id and r.import_id = p.import_id and r.row_number = p.row_number
     where p.tenant_id = :tenant and p.import_id = :id and p.part = 0 and p.row_number > :after
       ${filter ? `and ${CONDITION[filter]}` : ''}
     order by p.row_number limit ${PER_PAGE + 1}`,
    { id, after },
  )) as unknown as PageRow[];
  const parts = (await ctx.db.run(
    `/* import.page_parts */ select row_number, part, entity, plan, title, changes, after, kept from import_plan
     where tenant_id = :tenant and import_id = :id and part > 0 and row_number = any (:rows::integer[])
     order by row_number, part`,
    { id, rows: rows.map((row) => row.row_number) },
  )) as unknown as PageRow['parts'];
  for (const row of rows) row.parts = parts.filter(({ row_number }) => row_number === row.row_number);
  return rows;
}

function outcomeCell(found: Import, row: PageRow): Cell {
  const came: Plan = row.result === 'failed' ? 'error' : row.result === 'unchanged' ? 'unchanged' : row.plan;
  if (row.review) return cell('badge', 'Look again', { tone: 'amber' });
  const wrote = came === 'create' || came === 'update';
  if (found.state === 'undone' && wrote)
    return row.kept?.left ? cell('badge', 'Stayed', { tone: 'amber' }) : cell('badge', 'Undone', { tone: 'neutral' });
  const [word, tone] = (isPlan(found) ? PLANNED : DONE)[came];
  return cell('badge', word, { tone });
}

/** Why something of a record stayed as it was. */
export function keptText(entity: Entity, { fields, why }: Kept): string {
  if (!fields.length) return why;
  const names = fields.map((name) => fieldLabel(entity, name)).join(', ');
  return `${names} ${fields.length === 1 ? 'stays as it is' : 'stay as they are'}. ${why}`;
}

const isWrong = (row: PageRow): boolean => row.plan === 'error' || row.result === 'failed';

/** Where a row's record can be looked at; '' before it is there, and for those who may not look into the trash. */
function recordAddress(ctx: Ctx, found: Import, entity: Entity, row: PageRow): string {
  const made = row.plan === 'create' && row.result === null && !isPlan(found);
  if (!row.record_id || !(made || row.record_version !== null)) return '';
  if (made && found.state === 'undone' && !can(ctx, `${entity.name}.remove`)) return '';
  return `/${entity.table}/${row.record_id}`;
}

function messageOf(found: Import, entity: Entity, row: PageRow): string {
  const problems = row.problems.map((problem) => problemText(entity, found.columns, problem));
  const kept = [
    ...(row.kept ? [keptText(entity, row.kept)] : []),
    ...row.parts.flatMap((p) => (p.kept ? [`${p.title}: ${keptText(entityNamed(p.entity), p.kept)}`] : [])),
  ];
  return [...problems, ...kept].join(' ');
}

/** The five tiles; pressed again they show all rows. */
export function outcomeTiles(found: Import, filter: Filter | null): CountTile[] {
  const base = `/imports/${found.id}`;
  const counts: Record<Plan, number> = {
    create: found.created,
    update: found.updated,
    unchanged: found.unchanged,
    skip: found.skipped,
    error: found.failed,
  };
  return TILES.map((plan) => {
    const [label, tone] = (isPlan(found) ? PLANNED : DONE)[plan];
    return {
      id: `rows-${plan}`,
      label,
      count: count(counts[plan]),
      href: filter === plan ? base : `${base}?rows=${plan}`,
      current: filter === plan,
      tone: counts[plan] ? tone : 'neutral',
    };
  });
}

/** The filter that an address names. */
export function filterOf(query: RawQuery): Filter | null {
  const wanted = one(query, 'rows');
  return Object.hasOwn(CONDITION, wanted) ? (wanted as Filter) : null;
}

interface Page {
  rows: PlanView['rows'];
  columns: string[];
  empty: string;
  pager: ListView['pager'];
}

/** A row's number in the address; 0 for none. */
const rowNumber = (query: RawQuery, name: string): number =>
  /^\d{1,9}$/.test(one(query, name)) ? Number(one(query, name)) : 0;

/** The rows that the address asks for. `fixed` is the row that was mended last: the next one is at hand. */
export async function rowsPage(ctx: Ctx, found: Import, entity: Entity, query: RawQuery): Promise<Page> {
  const filter = filterOf(query);
  const after = rowNumber(query, 'after');
  const rows = await rowsOf(ctx, found.id, filter, after);
  const shown = rows.slice(0, PER_PAGE);
  const columns = await rowCells(ctx, found, entity, shown);
  const base = `/imports/${found.id}`;
  const mendable = fixableState(found);
  const fixed = rowNumber(query, 'fixed');
  const next = fixed && mendable ? shown.find((row) => row.row_number > fixed && isWrong(row)) : undefined;
  const [first, last] = [shown[0]?.row_number, shown.at(-1)?.row_number];
  return {
    rows: shown.map((row) => ({
      id: `row-${row.row_number}`,
      number: String(row.row_number),
      title: row.title || '(no name)',
      href: recordAddress(ctx, found, entity, row),
      edit_href: mendable && isWrong(row) ? `${base}/rows/${row.row_number}` : '',
      next: row === next,
      outcome: outcomeCell(found, row),
      lines: columns.lines(row),
      cells: columns.cells(row),
      message: messageOf(found, entity, row),
    })),
    columns: columns.labels,
    empty: found.purged_at
      ? 'The rows of this import were removed, having served their time.'
      : filter
        ? EMPTY[filter]
        : 'There are no rows.',
    pager: {
      ...noPager(shown.length ? `Rows ${first}–${last} of the file` : ''),
      prev_href: after ? `${base}${filter ? `?rows=${filter}` : ''}` : '',
      next_href: rows.length > PER_PAGE ? `${base}?${filter ? `rows=${filter}&` : ''}after=${last}` : '',
    },
  };
}
