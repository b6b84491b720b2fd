import { type Ctx, can } from '#src/kernel/context.ts';
import { type Entity, fieldLabel } from '#src/kernel/entity.ts';
import { formatInstant } from '#src/kernel/fields/dates.ts';
import { cell } from '#src/kernel/fields/field.ts';
import { one, type RawQuery } from '#src/kernel/list_query.ts';
import { fieldCell } from '#src/kernel/presenters.ts';
import { titlesOf } from '#src/kernel/records.ts';
import { button } from '#src/kernel/routes.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import type { Cell, ListView, Tone } from '#src/kernel/views.ts';
import type { CountTile, PlanView, ResultView } from '#src/kernel/views_pages.ts';
import { importHead, noPager } from './imports.view.ts';
import type { Choices, Import, Plan, PlannedRow, Result } from './model.ts';
import { plannerOf } from './plan.ts';
import { resolveReferences } from './references.ts';
import { cellText, type StagedCell } from './staged_cells.ts';
import { isNamePart, matchLabel, targetLabel } from './targets.ts';
import { problemText } from './values.ts';
import { count, some } from './words.ts';

const PER_PAGE = 50;
/** Columns of the file shown beside the name. */
const MOST_COLUMNS = 8;

const OUTCOMES: Record<Plan, { tile: string; word: string; tone: Tone }> = {
  create: { tile: 'Create', word: 'Create', tone: 'green' },
  update: { tile: 'Update', word: 'Update', tone: 'accent' },
  unchanged: { tile: 'Unchanged', word: 'Unchanged', tone: 'neutral' },
  skip: { tile: 'Skip', word: 'Skip', tone: 'amber' },
  error: { tile: 'Error', word: 'Error', tone: 'red' },
};

const RESULTS: Record<Result | 'skipped', [string, Tone]> = {
  created: ['Created', 'green'],
  updated: ['Updated', 'accent'],
  unchanged: ['Unchanged', 'neutral'],
  skipped: ['Skipped', 'amber'],
  failed: ['Failed', 'red'],
};

/** What the tiles filter by: planned outcomes before the commit, results after it. */
const FILTERS = ['create', 'update', 'unchanged', 'skip', 'error'] as const;
const CONDITION: Record<Plan, string> = {
  create: `p.plan = 'create' and p.result is distinct from 'failed' and p.result is distinct from 'unchanged'`,
  update: `p.plan = 'update' and p.result is distinct from 'failed' and p.result is distinct from 'unchanged'`,
  unchanged: `(p.plan = 'unchanged' or p.result = 'unchanged')`,
  skip: `p.plan = 'skip'`,
  error: `(p.plan = 'error' or p.result = 'failed')`,
};

interface ShownRow extends PlannedRow {
  result: Result | null;
  cells: StagedCell[];
}

/** A page of rows of one outcome, in the order of the file. */
async function rowsOf(ctx: Ctx, id: string, filter: Plan | null, after: number): Promise<ShownRow[]> {
  return (await ctx.db.run(
    `/* import.page */ select p.row_number, p.plan, p.result, p.title, p.record_id, p.problems, p.changes, r.cells
     from import_plan p join import_rows r
       on r.tenant_id = p.tenant_id and r.import_id = p.import_id and r.row_number = p.row_number
     where p.tenant_id = :tenant and p.import_id = :id and p.row_number > :after ${filter ? `and ${CONDITION[filter]}` : ''}
     order by p.row_number limit ${PER_PAGE + 1}`,
    { id, after },
  )) as unknown as ShownRow[];
}

const outcomeCell = (row: ShownRow, committed: boolean): Cell => {
  const result = row.result ?? (row.plan === 'skip' ? 'skipped' : row.plan === 'unchanged' ? 'unchanged' : null);
  if (committed && row.plan === 'error') return cell('badge', ...toned(RESULTS.failed));
  if (committed && result) return cell('badge', ...toned(RESULTS[result]));
  const { word, tone } = OUTCOMES[row.plan];
  return cell('badge', word, { tone });
};
const toned = ([text, tone]: [string, Tone]): [string, { tone: Tone }] => [text, { tone }];

function tiles(found: Import, filter: Plan | null, base: string, labels: Record<Plan, string>): CountTile[] {
  const counts: Record<Plan, number> = {
    create: found.created,
    update: found.updated,
    unchanged: found.unchanged,
    skip: found.skipped,
    error: found.failed,
  };
  return FILTERS.map((plan) => ({
    label: labels[plan],
    count: count(counts[plan]),
    href: filter === plan ? base : `${base}?rows=${plan}`,
    current: filter === plan,
    tone: counts[plan] ? OUTCOMES[plan].tone : 'neutral',
  }));
}

interface Mapped {
  column: number;
  field: string;
}

/** What a row's cells become, for the rows that make new records: read again, like at the commit. */
async function valuesOf(ctx: Ctx, found: Import, entity: Entity, rows: readonly ShownRow[]): Promise<Map<number, Row>> {
  const { reader } = plannerOf(ctx, found);
  const read = rows.filter(({ plan }) => plan === 'create').map((row) => reader.read(row.row_number, row.cells));
  await resolveReferences(ctx, entity, read);
  return new Map(read.map((row) => [row.row_number, Object.fromEntries(row.values)]));
}

async function shownRows(
  ctx: Ctx,
  found: Import,
  entity: Entity,
  rows: readonly ShownRow[],
  columns: readonly Mapped[],
): Promise<PlanView['rows']> {
  const values = await valuesOf(ctx, found, entity, rows);
  const sides = rows.flatMap(({ changes }) =>
    (['old', 'new'] as const).map((side) =>
      Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, change[side]])),
    ),
  );
  const titles = await titlesOf(ctx, entity, [...values.values(), ...sides]);
  const text = (name: string, row: Row) => {
    const shown = fieldCell(ctx, entity, name, row, titles);
    return shown.text || shown.items.join(', ');
  };
  return rows.map((row) => {
    const known = row.record_id && (row.plan !== 'create' || row.result === 'created');
    const made = values.get(row.row_number) ?? {};
    return {
      number: String(row.row_number),
      title: row.title || '(no name)',
      href: known ? `/${entity.table}/${row.record_id}` : '',
      outcome: outcomeCell(row, found.state !== 'planned'),
      cells: columns.map(({ column, field }) => {
        const change = row.changes[field];
        if (change) {
          const [old, now] = [text(field, { [field]: change.old }), text(field, { [field]: change.new })];
          return { text: short(now || 'empty'), old: short(old), changed: true, error: '' };
        }
        const raw = cellText(row.cells[column]).replace(/\s+/g, ' ').trim();
        return { text: short(field in made ? text(field, made) : raw), old: '', changed: false, error: '' };
      }),
      message: row.problems.map((problem) => problemText(entity, found.columns, problem)).join(' '),
    };
  });
}

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

interface Page {
  rows: PlanView['rows'];
  columns: string[];
  filter: Plan | null;
  pager: ListView['pager'];
}

/** The rows that the address asks for. */
async function pageOf(ctx: Ctx, found: Import, entity: Entity, query: RawQuery): Promise<Page> {
  const wanted = one(query, 'rows');
  const filter = FILTERS.find((plan) => plan === wanted) ?? null;
  const after = /^\d{1,9}$/.test(one(query, 'after')) ? Number(one(query, 'after')) : 0;
  const rows = await rowsOf(ctx, found.id, filter, after);
  const shown = rows.slice(0, PER_PAGE);
  const columns = (found.mapping ?? [])
    .filter(({ field }) => field && field !== entity.title && !isNamePart(field))
    .slice(0, MOST_COLUMNS);
  const base = `/imports/${found.id}`;
  const keep = filter ? `rows=${filter}&` : '';
  const first = shown[0]?.row_number;
  return {
    rows: await shownRows(ctx, found, entity, shown, columns),
    columns: columns.map(({ field }) => targetLabel(entity, field)),
    filter,
    pager: {
      ...noPager(shown.length ? `Rows ${first}–${shown.at(-1)!.row_number} of the file` : ''),
      prev_href: after ? `${base}${filter ? `?rows=${filter}` : ''}` : '',
      next_href: rows.length > PER_PAGE ? `${base}?${keep}after=${shown.at(-1)!.row_number}` : '',
    },
  };
}

const nothing = (filter: Plan | null): string =>
  filter ? `No row has the outcome “${OUTCOMES[filter].word}”.` : 'There are no rows.';

/** Tiles over the rows; nothing has been written yet. */
export async function planView(ctx: Ctx, found: Import, entity: Entity, query: RawQuery): Promise<PlanView> {
  const page = await pageOf(ctx, found, entity, query);
  const writes = found.created + found.updated;
  const [singular, many] = [entity.label[0].toLowerCase(), entity.label[1].toLowerCase()];
  const allowed = can(ctx, `${entity.name}.create`) && can(ctx, `${entity.name}.update`);
  const labels = Object.fromEntries(FILTERS.map((plan) => [plan, OUTCOMES[plan].tile])) as Record<Plan, string>;
  const fields = new Set((found.mapping ?? []).map(({ field }) => (isNamePart(field) ? entity.title : field)));
  const keys = (found.choices as Choices).match
    .filter((key) => fields.has(key))
    .map((key) => matchLabel(entity, key).toLowerCase());
  return {
    head: importHead(found, 2),
    noun: entity.label[0],
    tiles: tiles(found, page.filter, `/imports/${found.id}`, labels),
    notes: [],
    columns: page.columns,
    rows: page.rows,
    empty: nothing(page.filter),
    pager: page.pager,
    errors_href: '',
    back_href: `/imports/${found.id}?step=columns`,
    commit:
      writes && allowed
        ? {
            ...button(ctx, `Import ${some(writes, singular, many)}`, `/imports/${found.id}/commit`, 'check', [
              { name: 'run', value: String(found.run) },
            ]),
            tone: 'accent',
          }
        : null,
    commit_note: writes
      ? `Nothing is written until then. Known by: ${keys.join(', ') || 'nothing, so every row is new'}.`
      : 'No row would change anything, so there is nothing to import.',
  };
}

/** What came of every row. */
export async function resultView(
  ctx: Ctx,
  found: Import,
  entity: Entity,
  query: RawQuery,
  who: string,
): Promise<{ result: ResultView; rows: PlanView | null }> {
  const labels: Record<Plan, string> = {
    create: 'Created',
    update: 'Updated',
    unchanged: 'Unchanged',
    skip: 'Skipped',
    error: 'Failed',
  };
  const page = await pageOf(ctx, found, entity, query);
  const base = `/imports/${found.id}`;
  const sum = `${some(found.rows, 'row', 'rows')} in the file = ${count(found.created)} created + ${count(found.updated)} updated + ${count(found.unchanged)} unchanged + ${count(found.skipped)} skipped + ${count(found.failed)} failed`;
  const shown = tiles(found, page.filter, base, labels);
  const [when, exact] = found.committed_at ? formatInstant(found.committed_at, ctx.tenant) : ['', ''];
  const mapped = (found.mapping ?? []).filter(({ field }) => field);
  const result: ResultView = {
    head: importHead(found, 3),
    tiles: shown,
    sum,
    notes: found.notes.map((text) => ({ tone: 'amber' as const, text })),
    facts: [
      { label: 'File', cell: cell('text', found.file_name) },
      { label: 'Imported by', cell: cell('text', who) },
      { label: 'Finished', cell: cell('date', when, { title: exact }) },
      {
        label: 'Columns',
        cell: cell(
          'long',
          mapped
            .map(
              ({ column, field }) =>
                `${found.columns[column]?.header ?? ''} → ${isNamePart(field) ? targetLabel(entity, field) : fieldLabel(entity, field)}`,
            )
            .join('\n'),
        ),
      },
    ],
    errors_href: '',
    list: {
      label: `Open ${entity.label[1].toLowerCase()}`,
      href: `/${entity.table}?sort=-created_at&scope=all`,
      icon: '',
    },
    undo: null,
    undo_text: '',
  };
  // A tile of the result shows its rows in the plan's table.
  const rows: PlanView | null = page.filter
    ? {
        head: result.head,
        noun: entity.label[0],
        tiles: shown,
        notes: [{ tone: 'neutral', text: sum }],
        columns: page.columns,
        rows: page.rows,
        empty: nothing(page.filter),
        pager: page.pager,
        errors_href: '',
        back_href: base,
        commit: null,
        commit_note: '',
      }
    : null;
  return { result, rows };
}
