import { DateTime } from 'luxon';
import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import { formatInstant } from '#src/kernel/fields/dates.ts';
import { cell } from '#src/kernel/fields/field.ts';
import { button } from '#src/kernel/routes.ts';
import type { Cell } from '#src/kernel/views.ts';
import { undoUntil } from './imports.service.ts';
import { importHead } from './imports.view.ts';
import type { Choices, Import, Kept } from './model.ts';
import { mayMove } from './move.ts';
import { plannerOf } from './plan.ts';
import { errorsAddress, knownBy } from './plan.view.ts';
import { keptText, outcomeTiles } from './plan_page.ts';
import { targetLabel } from './targets.ts';
import type { ResultView } from './views.ts';
import { count, listed, some, things } from './words.ts';

/** Records listed one by one under a result; the rest is a click away. */
const MOST_KEPT = 20;

/** '412 rows in the file = 300 created + 80 updated + …': no row is unaccounted for. */
export const accountOf = (found: Import): string =>
  `${some(found.rows, 'row', 'rows')} in the file = ${count(found.created)} created + ${count(found.updated)} updated + ` +
  `${count(found.unchanged)} unchanged + ${count(found.skipped)} skipped + ${count(found.failed)} failed`;

/** What an import wrote, in words: ['300 customers', '20 contacts']. */
interface Written {
  made: string[];
  changed: string[];
}

async function writtenBy(ctx: Ctx, found: Import, entity: Entity): Promise<Written> {
  const parts = (await ctx.db.run(
    `/* import.parts_written */ select entity, plan, count(*)::integer as n from import_plan
     where tenant_id = :tenant and import_id = :id and part > 0 and result is null group by 1, 2 order by 1 desc`,
    { id: found.id },
  )) as { entity: string; plan: 'create' | 'update'; n: number }[];
  const of = (plan: string, own: number) => [
    ...(own ? [things(entity, own)] : []),
    ...parts.flatMap((part) => (part.plan === plan ? [things(entityNamed(part.entity), part.n)] : [])),
  ];
  return { made: of('create', found.created), changed: of('update', found.updated) };
}

/** '21 December', with the year when it is another than this. */
function dayOf(ctx: Ctx, moment: DateTime): string {
  const local = moment.setZone(ctx.tenant.time_zone).setLocale('en-GB');
  return local.toFormat(local.year === DateTime.local({ zone: ctx.tenant.time_zone }).year ? 'd MMMM' : 'd MMMM yyyy');
}

const both = (made: string, changed: string): string => [made, changed].filter(Boolean).join(' and ');

/** The button that takes the import back or brings it back, and what that will do. */
function moveOn(ctx: Ctx, found: Import, { made, changed }: Written): Pick<ResultView, 'undo' | 'undo_text'> {
  const until = found.task ? null : undoUntil(found);
  if (!until || found.purged_at) return { undo: null, undo_text: '' };
  if (!mayMove(ctx, { ...found, move: found.move + 1 }, plannerOf(ctx, found))) return { undo: null, undo_text: '' };
  const undone = found.state === 'undone';
  const does = undone
    ? both(
        made.length ? `takes ${listed(made)} out of the trash` : '',
        changed.length ? `writes the file's values into ${listed(changed)} again` : '',
      )
    : both(
        made.length ? `moves ${listed(made)} to the trash` : '',
        changed.length ? `gives ${listed(changed)} the old values back` : '',
      );
  const [label, verb] = undone ? ['Bring it back', 'redo'] : ['Undo this import', 'undo'];
  const words = `${does.charAt(0).toUpperCase()}${does.slice(1)}; what somebody edited since stays.`;
  return {
    undo: button(ctx, label!, `/imports/${found.id}/${verb}`, undone ? 'refresh' : 'arrow-back-up'),
    undo_text: `Possible until ${dayOf(ctx, until)}. ${words}`,
  };
}

/** What the last move forward or back left as it was. */
async function keptOf(ctx: Ctx, found: Import, entity: Entity): Promise<ResultView['kept']> {
  const rows = (await ctx.db.run(
    `/* import.kept_rows */ select row_number, entity, title, record_id, kept, count(*) over ()::integer as total from import_plan
     where tenant_id = :tenant and import_id = :id and kept is not null order by row_number, part limit ${MOST_KEPT}`,
    { id: found.id },
  )) as { row_number: number; entity: string | null; title: string; record_id: string; kept: Kept; total: number }[];
  if (!rows.length) return null;
  const { total } = rows[0]!;
  const what = found.state === 'undone' ? 'it was before the import' : 'the import wrote it';
  return {
    heading: `Not as ${what}: ${some(total, 'record', 'records')}`,
    rows: rows.map((row) => {
      const kind = row.entity ? entityNamed(row.entity) : entity;
      return {
        number: String(row.row_number),
        record: cell('link', row.title, { href: `/${kind.table}/${row.record_id}` }),
        why: keptText(kind, row.kept),
      };
    }),
    more:
      total > MOST_KEPT
        ? { label: `Show all ${count(total)}`, href: `/imports/${found.id}?rows=kept`, icon: '' }
        : null,
  };
}

/** Who undid the imports that are undone, by id. */
export async function undoers(ctx: Ctx, ids: readonly string[]): Promise<Map<string, string>> {
  if (!ids.length) return new Map();
  const rows = (await ctx.db.run(
    `/* import.undoers */ select distinct on (record_id) record_id, actor_name from audit_log
     where tenant_id = :tenant and record_id = any (:ids::uuid[]) and entity = 'import' and verb = 'undone'
     order by record_id, id desc`,
    { ids: [...ids] },
  )) as { record_id: string; actor_name: string }[];
  return new Map(rows.map((row) => [row.record_id, row.actor_name]));
}

/** Imports of files that correct this one, and the one that this corrects. */
async function relatives(ctx: Ctx, found: Import): Promise<{ label: string; cell: Cell }[]> {
  const rows = (await ctx.db.run(
    `/* import.relatives */ select id, file_name from imports
     where tenant_id = :tenant and (corrects = :id or id = :corrects::uuid) order by id desc limit 10`,
    { id: found.id, corrects: found.corrects },
  )) as { id: string; file_name: string }[];
  return rows.map(({ id, file_name }) => ({
    label: id === found.corrects ? 'Corrects' : 'Corrected by',
    cell: cell('link', file_name, { href: `/imports/${id}` }),
  }));
}

const MODES: Record<Choices['mode'], string> = {
  both: 'New ones added, known ones updated',
  create: 'New ones added only',
  update: 'Known ones updated only',
};
const WHEN = { empty: ', only where it was empty', never: ', only of new ones' };

/** What came of every row, and what can be done about it. */
export async function resultView(ctx: Ctx, found: Import, entity: Entity): Promise<ResultView> {
  const [by] = (await ctx.db.from('users').select('name').where('id', found.created_by)) as { name: string }[];
  const instant = (at: string | null): Cell => {
    const [when, exact] = at ? formatInstant(at, ctx.tenant) : ['', ''];
    return cell('date', when, { title: exact });
  };
  const undone = found.state === 'undone' ? (await undoers(ctx, [found.id])).get(found.id) : undefined;
  const written = await writtenBy(ctx, found, entity);
  const notes = found.notes.map((text) => ({ tone: 'amber' as const, text }));
  const choices = found.choices as Choices;
  return {
    head: importHead(found, 3),
    tiles: outcomeTiles(found, null),
    sum: accountOf(found),
    notes: undone ? [{ tone: 'neutral', text: `This import was undone by ${undone}.` }, ...notes] : notes,
    review:
      found.review && found.state === 'committed' && found.move === 1
        ? {
            text: `${some(found.review, 'row waits', 'rows wait')} for a second look: somebody edited the record after the plan was made, or an error was mended.`,
            link: { label: 'Look at the difference', href: `/imports/${found.id}?rows=review`, icon: '' },
          }
        : null,
    facts: [
      { label: 'File', cell: cell('text', found.file_name) },
      { label: 'Imported by', cell: cell('text', by?.name ?? '') },
      { label: 'Finished', cell: instant(found.committed_at) },
      ...(undone
        ? [
            { label: 'Undone by', cell: cell('text', undone) },
            { label: 'Undone', cell: instant(found.undone_at) },
          ]
        : []),
      ...(written.made.length ? [{ label: 'Created', cell: cell('text', listed(written.made)) }] : []),
      ...(written.changed.length ? [{ label: 'Updated', cell: cell('text', listed(written.changed)) }] : []),
      { label: 'Mode', cell: cell('text', MODES[choices.mode]) },
      { label: 'Known by', cell: cell('text', knownBy(found, entity) || 'nothing, so every row was new') },
      {
        label: 'Blank cells',
        cell: cell('text', choices.blank === 'clear' ? 'Cleared the field' : 'Left the field as it was'),
      },
      ...(await relatives(ctx, found)),
    ],
    mapping: (found.mapping ?? []).map(({ column, field, when }) => ({
      header: found.columns[column]?.header ?? '',
      target: field ? targetLabel(entity, field) + (when ? WHEN[when] : '') : 'not imported',
    })),
    errors_href: found.failed ? errorsAddress(found) : '',
    list: {
      label: `Open ${entity.label[1].toLowerCase()}`,
      href: `/${entity.table}?sort=-created_at&scope=all`,
      icon: '',
    },
    ...moveOn(ctx, found, written),
    kept: await keptOf(ctx, found, entity),
  };
}
