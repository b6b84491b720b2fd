import { z } from 'zod';
import { may } from './access.ts';
import { type Entity, writableFields } from './entity.ts';
import { invalid } from './errors.ts';
import type { Value } from './fields/field.ts';
import { countRows, listPage } from './list_page.ts';
import { readListQuery } from './list_query.ts';
import { allColumns, type RECORD_COLUMNS } from './list_sql.ts';
import { onlyOnce } from './once.ts';
import { createRecord, loadRecord, restoreRecord, tagsOf, trashRecord, updateRecord, type Values } from './records.ts';
import { json, Routes } from './routes.ts';
import type { Row } from './tenant_db.ts';

/** What a program may send: strict, so that a misspelt field is said and not lost. */
export function writeSchema(entity: Entity, partial: boolean) {
  const shape: Record<string, z.ZodType> = {};
  for (const name of writableFields(entity)) {
    const { schema, options } = entity.fields[name]!;
    shape[name] =
      options.required && !partial && options.initial === undefined && entity.fields[name]!.kind !== 'currency'
        ? schema
        : schema.nullable().optional();
  }
  return partial ? z.strictObject({ ...shape, version: z.int().min(1) }) : z.strictObject(shape);
}

/** What a program gets: the declared fields and the record's own columns, nothing else. */
export function readSchema(entity: Entity) {
  const text = z.string();
  const record: Record<(typeof RECORD_COLUMNS)[number], z.ZodType> = {
    id: z.uuid(),
    version: z.int(),
    created_at: text,
    created_by: z.uuid().nullable(),
    updated_at: text,
    updated_by: z.uuid().nullable(),
    deleted_at: text.nullable(),
  };
  const shape: Record<string, z.ZodType> = { ...record };
  for (const name of entity.field_names) {
    const { kind } = entity.fields[name]!;
    const plain =
      kind === 'boolean'
        ? z.boolean()
        : kind === 'number'
          ? z.union([z.number(), text])
          : kind === 'list' || kind === 'tags'
            ? z.array(text)
            : text;
    shape[name] = plain.nullable();
  }
  return z.object(shape);
}

/** PostgreSQL's '2026-11-21 09:30:26.26+00' as ISO 8601. */
const isoInstant = (stored: string): string => stored.replace(' ', 'T').replace(/\+00(:00)?$/, 'Z');

/** How rows of an entity are shown by the API. */
function presenter(entity: Entity): (row: Row, tags?: string[]) => Row {
  const names = allColumns(entity);
  const instants = new Set(
    names.filter((name) => entity.fields[name]?.kind === 'timestamp' || name.endsWith('ted_at')),
  );
  return (row, tags) => {
    const shown: Row = {};
    for (const name of names) {
      const value = row[name] ?? null;
      shown[name] = value && instants.has(name) ? isoInstant(String(value)) : value;
    }
    if (entity.tag_field) shown[entity.tag_field] = tags ?? row[entity.tag_field] ?? [];
    return shown;
  };
}

function parse(entity: Entity, body: unknown, partial: boolean): Values & { version?: Value } {
  const result = writeSchema(entity, partial).safeParse(body ?? {});
  if (result.success) return result.data as Values;
  const problems: Record<string, string> = {};
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) problems[key] = 'There is no field of this name that can be written.';
    else problems[issue.path.join('.') || 'body'] = issue.message;
  }
  throw invalid(problems);
}

/** /api/v1/<entities> for programs. */
export function apiRoutes(entity: Entity): Routes {
  const base = `/api/v1/${entity.table}`;
  const permission = (verb: string) => may(`${entity.name}.${verb}`);
  const record = { entity: entity.name };
  const present = presenter(entity);
  const routes = new Routes('api');

  routes.get(base, permission('read'), async (ctx, input) => {
    const list = readListQuery(ctx, entity, { scope: 'all', ...input.query });
    const { rows, next } = await listPage(ctx, entity, list);
    const tags = await tagsOf(
      ctx,
      entity,
      rows.map((row) => row.id as string),
    );
    const total = list.count === 'exact' ? { total: await countRows(ctx, entity, list, null) } : {};
    return json({
      items: rows.map((row) => present(row, tags.get(row.id as string))),
      limit: list.limit,
      next_cursor: next || null,
      ...total,
    });
  });

  routes.post(base, permission('create'), async (ctx, input) => {
    const values = parse(entity, input.json, false);
    let made: Row | null = null;
    const { id } = await onlyOnce(ctx, input.once, [entity.name, values], async () => {
      const row = await createRecord(ctx, entity, values);
      if (!entity.tag_field || !values[entity.tag_field]) made = row; // tags have their names from the database
      return { id: String(row.id) };
    });
    return json(
      {
        data: present(made ?? (await loadRecord(ctx, entity, id, 'any'))),
        message: `${entity.label[0]} added.`,
      },
      201,
    );
  });

  routes.get(
    `${base}/:id`,
    permission('read'),
    async (ctx, input) => json({ data: present(await loadRecord(ctx, entity, input.params.id ?? '')) }),
    record,
  );

  routes.patch(
    `${base}/:id`,
    permission('update'),
    async (ctx, input) => {
      const id = input.params.id ?? '';
      await loadRecord(ctx, entity, id);
      const { version, ...values } = parse(entity, input.json, true);
      const { row } = await updateRecord(ctx, entity, id, Number(version), values as Values);
      return json({ data: present(row), message: 'Saved.' });
    },
    record,
  );

  routes.delete(
    `${base}/:id`,
    permission('remove'),
    async (ctx, input) => {
      const row = await trashRecord(ctx, entity, input.params.id ?? '');
      return json({ data: present(row), message: 'In the trash.' });
    },
    record,
  );

  routes.post(
    `${base}/:id/restoration`,
    permission('remove'),
    async (ctx, input) => {
      const row = await restoreRecord(ctx, entity, input.params.id ?? '');
      return json({ data: present(row), message: 'Restored.' });
    },
    record,
  );
  return routes;
}
