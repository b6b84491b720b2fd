import type { Change } from './audit.ts';
import type { Ctx } from './context.ts';
import { type Entity, fieldLabel, referrers } from './entity.ts';
import { badRequest } from './errors.ts';
import { formatInstant, instant } from './fields/dates.ts';
import { type Cursor, encodeCursor } from './list_query.ts';
import { fieldCell, recordTitle, type Titles } from './presenters.ts';
import type { Referring } from './records.ts';
import type { Query, Row } from './tenant_db.ts';
import type { TimelineItem } from './views.ts';
import { visible } from './visibility.ts';

const PAGE = 20;
/** What is told of a conversation besides its name and text. */
const FACTS = ['type', 'outcome', 'next_follow_up'];

interface Moment {
  at: string;
  id: string;
  item: (titles: Titles) => TimelineItem;
  entity: Entity;
  row: Row;
}

const VERBS: Record<string, string> = {
  created: 'added this',
  trashed: 'moved this to the trash',
  restored: 'restored this from the trash',
  converted: 'converted this',
  imported: 'imported this',
};

/** A stretch of a timeline, before the names it mentions are known. */
export interface Stretch {
  referring: Referring[];
  items: (titles: Titles) => TimelineItem[];
  /** cursor of what came before, or null */
  next: string | null;
}

/** What happened with a record, newest first: notes and interactions about it and every change to it. */
export async function timeline(ctx: Ctx, entity: Entity, record: Row, before: Cursor | null): Promise<Stretch> {
  const id = record.id as string;
  if (before && !instant(before.value, 'utc').isValid) throw badRequest('This link to earlier entries is incomplete.');
  // Things that happened at the same instant, as those of one import, follow each other by id.
  const earlier = (query: Query, at: string, key: string) =>
    before && query.whereRaw(`(${at}, ${key}) < (?::timestamptz, ?::uuid)`, [before.value, before.id]);
  const happened = async (other: Entity, field: string): Promise<Moment[]> => {
    const at = `${other.table}.${other.happened}`;
    const said = ['body', ...FACTS].filter((name) => other.fields[name]);
    const told = [...new Set(['id', 'created_by', other.happened!, other.title, ...said])];
    const query = visible(ctx, other, `${other.name}.timeline`)
      .select(...told.map((c) => `${other.table}.${c}`))
      .where(`${other.table}.${field}`, id)
      .orderBy(at, 'desc')
      .orderBy(`${other.table}.id`, 'desc')
      .limit(PAGE + 1);
    earlier(query, at, `${other.table}.id`);
    return ((await query) as Row[]).map((row) => ({
      at: String(row[other.happened!]),
      id: String(row.id),
      entity: other,
      row,
      item: (titles) => happening(ctx, other, row, titles),
    }));
  };
  const trail = ctx.db
    .from('audit_log', 'audit_log', 'audit.timeline')
    .select('id', 'at', 'actor_name', 'verb', 'changes', 'via')
    .where({ entity: entity.name, record_id: id })
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(PAGE + 1);
  earlier(trail, 'at', 'id');
  const changes = async (): Promise<Moment[]> =>
    ((await trail) as Row[]).map((row) => ({
      at: String(row.at),
      id: String(row.id),
      entity,
      row: oldAndNew(row),
      item: (titles) => changeItem(ctx, entity, row, titles),
    }));
  const things = referrers(entity).filter(({ entity: other }) => other.happened && other.access.read[ctx.actor.role]);
  const moments = (
    await Promise.all([changes(), ...things.map(({ entity: other, field }) => happened(other, field))])
  ).flat();
  moments.sort((a, b) => (a.at < b.at || (a.at === b.at && a.id < b.id) ? 1 : -1));
  const shown = moments.slice(0, PAGE);
  const last = shown.at(-1);
  const referring = shown.map(({ entity: kind, row }) => ({
    entity: kind,
    rows: Array.isArray(row.rows) ? (row.rows as Row[]) : [row],
  }));
  return {
    referring,
    items: (titles) => shown.map((moment) => moment.item(titles)),
    next: last && moments.length > PAGE ? encodeCursor({ value: last.at, id: last.id }) : null,
  };
}

/** The rows before and after a change, so that the names behind their ids are loaded with everything else. */
function oldAndNew(row: Row): Row {
  const changes = Object.entries((row.changes ?? {}) as Record<string, Change>);
  return {
    rows: [
      Object.fromEntries(changes.map(([f, c]) => [f, c.old])),
      Object.fromEntries(changes.map(([f, c]) => [f, c.new])),
    ],
  };
}

function happening(ctx: Ctx, entity: Entity, row: Row, titles: Titles): TimelineItem {
  const [when, exact] = formatInstant(String(row[entity.happened!]), ctx.tenant);
  const author = titles.get(String(row.created_by)) ?? 'Somebody';
  const isNote = entity.title === 'body';
  const facts = FACTS.filter((name) => entity.fields[name] && row[name]).map((name) => ({
    label: fieldLabel(entity, name),
    old: '',
    new: fieldCell(ctx, entity, name, row, titles).text,
  }));
  return {
    id: String(row.id),
    kind: isNote ? 'note' : 'interaction',
    icon: entity.icon,
    heading: isNote ? `${author} wrote a note` : recordTitle(entity, row),
    href: `/${entity.table}/${row.id}`,
    body: String(row.body ?? ''),
    lines: facts,
    who: author,
    when,
    when_exact: exact,
  };
}

function changeItem(ctx: Ctx, entity: Entity, row: Row, titles: Titles): TimelineItem {
  const changes = Object.entries((row.changes ?? {}) as Record<string, Change>).filter(([name]) => entity.fields[name]);
  const [when, exact] = formatInstant(String(row.at), ctx.tenant);
  const who = String(row.actor_name);
  const labels = changes.map(([name]) => fieldLabel(entity, name).toLowerCase());
  const short =
    labels.length > 3 ? `${labels.slice(0, 2).join(', ')} and ${labels.length - 2} more` : labels.join(', ');
  const text = (name: string, value: unknown) => fieldCell(ctx, entity, name, { [name]: value }, titles).text || '—';
  const updated = row.verb === 'updated' || (row.verb === 'imported' && changes.length > 0);
  const way = row.via === 'api' ? ' through the API' : updated && row.via === 'import' ? ' by an import' : '';
  return {
    id: String(row.id),
    kind: 'change',
    icon: 'history',
    heading: `${who} ${updated ? `changed ${short}` : (VERBS[String(row.verb)] ?? String(row.verb))}${way}`,
    href: '',
    body: '',
    lines: updated
      ? changes.map(([name, change]) => ({
          label: fieldLabel(entity, name),
          old: text(name, change.old),
          new: text(name, change.new),
        }))
      : [],
    who,
    when,
    when_exact: exact,
  };
}
