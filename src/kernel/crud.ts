import { may } from './access.ts';
import { conflictView } from './conflict.ts';
import { type Ctx, can } from './context.ts';
import { type Entity, fieldLabel, writableFields } from './entity.ts';
import { type AppError, ConflictError, notFound } from './errors.ts';
import { auditExport, listTable, writeCsv, writeXlsx } from './export.ts';
import {
  activePeople,
  checkboxes,
  formView,
  hiddenFields,
  initialRow,
  inputs,
  listNames,
  newForm,
  readForm,
} from './forms.ts';
import type { Platform } from './http.ts';
import { countRows, listPage } from './list_page.ts';
import { type ListQuery, one, readCursor, readListQuery } from './list_query.ts';
import { listView } from './list_view.ts';
import { onlyOnce } from './once.ts';
import { listColumns, recordTitle, shownColumns, subtitleField } from './presenters.ts';
import { factView, recordView, shortFields } from './record_page.ts';
import {
  createRecord,
  findRecords,
  isVisible,
  loadRecord,
  restoreRecord,
  titlesOf,
  titlesOfAll,
  trashRecord,
  updateRecord,
} from './records.ts';
import {
  entry,
  type Handler,
  type Input,
  json,
  page,
  type Refused,
  type Reply,
  Routes,
  redirect,
  safePath,
  stream,
  wholeNumber,
} from './routes.ts';
import { type Row, withTenant } from './tenant_db.ts';
import { timeline } from './timeline.ts';
import type { RecordView } from './views.ts';

const param = (input: Input, name: string): string => input.params[name] ?? '';

/** The list a record page was opened from, so that next and previous follow it. */
function listBehind(ctx: Ctx, entity: Entity, input: Input): [ListQuery, string] {
  const text = one(input.query, 'list');
  const state = readListQuery(ctx, entity, Object.fromEntries(new URLSearchParams(text)));
  return [state, text ? `?list=${encodeURIComponent(text)}` : ''];
}

async function shownList(ctx: Ctx, entity: Entity, input: Input, trashed: boolean): Promise<Reply> {
  const list = readListQuery(ctx, entity, input.query, trashed);
  const [found, count, { people, tags }] = await Promise.all([
    listPage(ctx, entity, list, listColumns(entity)),
    list.count === 'none' ? null : countRows(ctx, entity, list, list.count === 'exact' ? null : undefined),
    listNames(ctx, entity),
  ]);
  const total =
    count === null
      ? null
      : {
          count: Math.min(count, list.count === 'exact' ? count : 10_000),
          capped: list.count === 'capped' && count > 10_000,
        };
  const filters = [...list.filters, ...list.through.map(({ filter }) => filter)];
  const filtered = filters.flatMap((f) => f.values.map((value) => ({ [f.field]: value }) as Row));
  const fields = [...shownColumns(entity), ...filters.map(({ field }) => field)];
  const known = new Map(people.map(({ id, title }) => [id, title]));
  const titles = await titlesOfAll(ctx, [{ entity, rows: [...found.rows, ...filtered], fields }], known);
  const view = listView(ctx, entity, { list, found, titles, people, tags, total });
  const behind = `?list=${encodeURIComponent(view.here.split('?')[1] ?? '')}`;
  for (const row of view.rows) row.href += behind;
  return page('_entity/list', view, entity.label[1], {
    fragments: {
      list: { view: '_entity/table', data: view },
      count: { view: '_entity/count', data: view.pager },
    },
  });
}

/** Record with its tags and the names behind its references. */
async function withTitles(ctx: Ctx, entity: Entity, id: string, state: 'live' | 'any' = 'live') {
  const row = await loadRecord(ctx, entity, id, state);
  return { row, titles: await titlesOf(ctx, entity, [row]) };
}

async function editPage(
  ctx: Ctx,
  entity: Entity,
  id: string,
  input: Input | null,
  error: AppError | null,
): Promise<Reply> {
  const { row, titles } = await withTitles(ctx, entity, id);
  const names = writableFields(entity);
  const typed = input?.body ?? null;
  const shown = { row, titles, people: await activePeople(ctx), typed, problems: error?.details ?? {} };
  const form = formView(entity, inputs(ctx, entity, names, shown), shown, {
    heading: `Edit ${recordTitle(entity, row)}`,
    action: `/${entity.table}/${id}`,
    submit: 'Save changes',
    cancel: `/${entity.table}/${id}`,
    hidden: hiddenFields(ctx, {
      version: typed ? entry(typed, 'version') : String(row.version),
      ...checkboxes(entity, names),
    }),
  });
  return page('_entity/form', form, form.heading, { status: error?.status ?? 200 });
}

async function newPage(ctx: Ctx, entity: Entity, input: Input, error: AppError | null): Promise<Reply> {
  const all = writableFields(entity);
  const row = initialRow(ctx, entity);
  // Links may bring values along: /contacts/new?customer_id=…
  for (const name of all) if (!error && one(input.query, name)) row[name] = one(input.query, name);
  // A record's page asks for a short form about itself.
  const parents = error ? [] : all.filter((name) => entity.fields[name]?.kind === 'ref');
  const parent = parents.find((name) => name === one(input.query, '_parent')) ?? '';
  const names = parent ? shortFields(entity, parent) : all;
  const shown = {
    row,
    titles: await titlesOf(ctx, entity, [row]),
    people: await activePeople(ctx),
    typed: error ? input.body : null,
    problems: error?.details ?? {},
    ...(parent ? { prefix: `new-${entity.name}` } : {}),
  };
  const back = safePath(error ? entry(input.body, '_back') : one(input.query, '_back'));
  const form = newForm(ctx, entity, names, shown, {
    cancel: back === '/' ? `/${entity.table}` : back,
    hidden: {
      ...(back === '/' ? {} : { _back: back }),
      ...(parent ? { [parent]: String(row[parent] ?? '') } : {}),
    },
  });
  return page('_entity/form', form, form.heading, {
    status: error?.status ?? 200,
    fragments: { [`add-${entity.table}`]: { view: '_part/form', data: { ...form, cancel: '' } } },
  });
}

function factEditor(
  ctx: Ctx,
  entity: Entity,
  row: Row,
  titles: Map<string, string>,
  people: readonly { id: string; title: string }[],
  name: string,
  problem: string,
  typed: Input['body'] | null,
) {
  const shown = { row, titles, people, typed, problems: problem ? { [name]: problem } : {}, prefix: 'fact' };
  const [input] = inputs(ctx, entity, [name], shown);
  return {
    action: `/${entity.table}/${row.id}/facts/${name}`,
    cancel: `/${entity.table}/${row.id}/facts/${name}?show=1`,
    hidden: hiddenFields(ctx, { version: String(row.version), ...checkboxes(entity, [name]) }),
    input: { ...input!, autofocus: true },
  };
}

/** Records in the trash are shown to whoever may bring them back. */
const shownState = (ctx: Ctx, entity: Entity) => (can(ctx, `${entity.name}.remove`) ? 'any' : 'live');

/** A record's page; a module may add to it what is special about its records. */
export async function recordPage(
  ctx: Ctx,
  entity: Entity,
  input: Input,
  special?: (view: RecordView, row: Row) => void,
): Promise<Reply> {
  const row = await loadRecord(ctx, entity, param(input, 'id'), shownState(ctx, entity));
  const view = await recordView(ctx, entity, row, ...listBehind(ctx, entity, input));
  special?.(view, row);
  return page('_entity/show', view, view.title);
}

/** A form's 422 or a conflict's 409, in a transaction of its own after the refused one was rolled back. */
const refusedEdit =
  (entity: Entity): Refused =>
  async (ctx, input, error) => {
    const id = param(input, 'id');
    if (!(error instanceof ConflictError)) return editPage(ctx, entity, id, input, error);
    const view = await conflictView(ctx, entity, id, error);
    return page('_entity/conflict', view, view.heading, { status: 409 });
  };

/** Pages of an entity. What is special about one is written in its module, under its own address. */
export function entityRoutes(entity: Entity, platform: Platform): Routes {
  const base = `/${entity.table}`;
  const one_ = entity.label[0];
  const permission = (verb: string) => may(`${entity.name}.${verb}`);
  const routes = new Routes();
  const record = { entity: entity.name };

  const download =
    (format: 'xlsx' | 'csv'): Handler =>
    async (ctx, input) => {
      const list = readListQuery(ctx, entity, input.query);
      await auditExport(ctx, entity, format, input.url);
      const day = new Date().toISOString().slice(0, 10);
      const type =
        format === 'csv'
          ? 'text/csv; charset=utf-8'
          : 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
      return stream(type, `${entity.table}-${day}.${format}`, (out) =>
        withTenant(
          platform.pools.app,
          ctx.tenant.id,
          (db) => (format === 'csv' ? writeCsv : writeXlsx)(listTable({ ...ctx, db }, entity, list), out),
          1,
        ),
      );
    };

  routes.get(base, permission('read'), (ctx, input) => shownList(ctx, entity, input, false));
  routes.get(`${base}.xlsx`, permission('export'), download('xlsx'), { writes: true });
  routes.get(`${base}.csv`, permission('export'), download('csv'), { writes: true });
  routes.get(`${base}/trash`, permission('remove'), (ctx, input) => shownList(ctx, entity, input, true));
  routes.get(`${base}/new`, permission('create'), (ctx, input) => newPage(ctx, entity, input, null));
  routes.get(`${base}/lookup`, permission('read'), async (ctx, input) =>
    json({ items: await lookup(ctx, entity, one(input.query, 'q')) }),
  );

  routes.post(
    base,
    permission('create'),
    async (ctx, input) => {
      const back = safePath(entry(input.body, '_back') || '/');
      const { id } = await onlyOnce(ctx, input.once, [entity.name, input.body], async () => {
        const row = await createRecord(ctx, entity, await readForm(ctx, entity, input.body));
        return { id: String(row.id) };
      });
      return redirect(back === '/' ? `${base}/${id}` : back, { text: `${one_} added.`, tone: 'green' });
    },
    { refused: (ctx, input, error) => newPage(ctx, entity, input, error) },
  );

  routes.get(`${base}/:id`, permission('read'), (ctx, input) => recordPage(ctx, entity, input), record);

  routes.get(
    `${base}/:id/edit`,
    permission('update'),
    (ctx, input) => editPage(ctx, entity, param(input, 'id'), null, null),
    record,
  );

  routes.post(
    `${base}/:id`,
    permission('update'),
    async (ctx, input) => {
      const id = param(input, 'id');
      await loadRecord(ctx, entity, id);
      const version = wholeNumber(entry(input.body, 'version'), 'the version');
      const { changes } = await updateRecord(ctx, entity, id, version, await readForm(ctx, entity, input.body));
      const said = Object.keys(changes).length ? 'Changes saved.' : 'Nothing was changed.';
      return (await isVisible(ctx, entity, id))
        ? redirect(`${base}/${id}`, { text: said, tone: 'green' })
        : redirect(base, { text: `${said} It belongs to somebody else now.`, tone: 'green' });
    },
    { ...record, refused: refusedEdit(entity) },
  );

  routes.post(
    `${base}/:id/trash`,
    permission('remove'),
    async (ctx, input) => {
      const row = await trashRecord(ctx, entity, param(input, 'id'));
      return redirect(base, {
        text: `${recordTitle(entity, row)} is in the trash.`,
        undo: { label: 'Undo', action: `${base}/${row.id}/restoration` },
      });
    },
    record,
  );

  routes.post(
    `${base}/:id/restoration`,
    permission('remove'),
    async (ctx, input) => {
      const row = await restoreRecord(ctx, entity, param(input, 'id'));
      return redirect(`${base}/${row.id}`, { text: `${recordTitle(entity, row)} is back.`, tone: 'green' });
    },
    record,
  );

  routes.get(
    `${base}/:id/timeline`,
    permission('read'),
    async (ctx, input) => {
      const row = await loadRecord(ctx, entity, param(input, 'id'), shownState(ctx, entity));
      const found = await timeline(ctx, entity, row, readCursor(one(input.query, 'before')));
      const more = found.next ? `${base}/${row.id}/timeline?before=${encodeURIComponent(found.next)}` : '';
      const items = found.items(await titlesOfAll(ctx, found.referring));
      return page('_entity/timeline', { items, more_href: more }, 'Timeline', { frame: 'none' });
    },
    record,
  );

  const known = (input: Input) => {
    const name = param(input, 'field');
    if (!writableFields(entity).includes(name)) throw notFound();
    return name;
  };

  routes.get(
    `${base}/:id/facts/:field`,
    permission('update'),
    async (ctx, input) => {
      const name = known(input);
      const { row, titles } = await withTitles(ctx, entity, param(input, 'id'));
      if (!input.request.headers['hx-request']) return redirect(`${base}/${row.id}/edit#field-${name}`);
      if (one(input.query, 'show'))
        return page('_entity/fact', factView(ctx, entity, row, name, titles), '', { frame: 'none' });
      const editor = factEditor(ctx, entity, row, titles, await activePeople(ctx), name, '', null);
      return page('_entity/fact_edit', editor, '', { frame: 'none' });
    },
    record,
  );

  routes.post(
    `${base}/:id/facts/:field`,
    permission('update'),
    async (ctx, input) => {
      const [name, id] = [known(input), param(input, 'id')];
      await loadRecord(ctx, entity, id);
      const values = await readForm(ctx, entity, input.body);
      const version = wholeNumber(entry(input.body, 'version'), 'the version');
      const { row } = await updateRecord(ctx, entity, id, version, { [name]: values[name] ?? null });
      const titles = await titlesOf(ctx, entity, [row]);
      if (!input.request.headers['hx-request']) return redirect(`${base}/${id}`);
      return page('_entity/fact', factView(ctx, entity, row, name, titles), '', { frame: 'none' });
    },
    {
      ...record,
      refused: async (ctx, input, error) => {
        const [name, id] = [known(input), param(input, 'id')];
        const { row, titles } = await withTitles(ctx, entity, id);
        const problem =
          error instanceof ConflictError
            ? `Changed meanwhile; it now says “${factView(ctx, entity, row, name, titles).cell.text || 'nothing'}”. Save again to replace that.`
            : (error.details[name] ?? Object.values(error.details)[0] ?? error.message);
        const editor = factEditor(ctx, entity, row, titles, await activePeople(ctx), name, problem, input.body);
        return page('_entity/fact_edit', editor, fieldLabel(entity, name), { frame: 'none', status: error.status });
      },
    },
  );
  return routes;
}

/** Up to ten records whose words contain what was typed, for type-ahead. */
async function lookup(ctx: Ctx, entity: Entity, q: string) {
  const second =
    subtitleField(entity) || entity.columns.find((name) => entity.fields[name]?.kind === 'text') || entity.title;
  return (await findRecords(ctx, entity, q, 10)).map((row) => ({
    id: row.id,
    title: recordTitle(entity, row),
    subtitle: second === entity.title ? '' : String(row[second] ?? ''),
  }));
}
