import { DateTime } from 'luxon';
import { audit } from '#src/kernel/audit.ts';
import { type Ctx, demand } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import { AppError, badRequest, invalid, notFound } from '#src/kernel/errors.ts';
import { instant } from '#src/kernel/fields/dates.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import { enqueue } from '#src/kernel/jobs.ts';
import type { Upload } from '#src/kernel/routes.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { isText } from './file_reading.ts';
import { guessed } from './first_mapping.ts';
import { readMapping } from './mapping.ts';
import type { Choices, ColumnMapping, Import, Task, Wishes } from './model.ts';
import { demandWrites } from './move.ts';
import { plannerOf } from './plan.ts';
import type { CsvOptions } from './reader/csv_options.ts';
import { rememberMapping } from './saved_mappings.ts';
import { addable, importable } from './targets.ts';
import { work } from './work.job.ts';
import { enter } from './work.ts';

/** A worker that has said nothing for so long is gone, in seconds. */
const SILENT = 20;
/** Work that was never begun may have been lost with its queue, in seconds. */
const WAITING = 300;

/**
 * An import of the actor's company.
 * @param lock true: nobody else changes it until the transaction ends
 * @throws 404
 */
export async function loadImport(ctx: Ctx, id: string, lock = false): Promise<Import> {
  if (!UUID.test(id)) throw notFound();
  if (lock) await enter(ctx, id, 'alone');
  const query = ctx.db.from('imports', 'imports', 'import.load').select('*').where('id', id);
  if (lock) query.forUpdate('imports');
  const [row] = (await query) as Row[];
  if (!row) throw notFound();
  return row as unknown as Import;
}

export const entityOf = (found: Pick<Import, 'entity'>): Entity => entityNamed(found.entity);

/** Hands a piece of work to the worker; whoever still works on this import under an older number stops. */
export async function startTask(ctx: Ctx, found: Import, task: Task, patch: Row = {}): Promise<void> {
  const run = found.run + 1;
  const now = new Date().toISOString();
  await ctx.db.update(
    'imports',
    { id: found.id },
    { done: 0, total: 0, ...patch, task, run, attempts: 0, heartbeat_at: now, updated_at: now },
  );
  await enqueue(ctx, work, { import_id: found.id, run }, `import:${found.id}`);
}

/**
 * Keeps an uploaded file as a new import and has it read.
 * @param entityName 'customers' or 'customer'
 * @param wishes what a program wants done without being asked again; null: a person goes step by step
 * @throws 403, 422
 */
export async function createImport(ctx: Ctx, entityName: string, file: Upload, wishes: Wishes | null): Promise<Import> {
  const entity = importable(entityName);
  if (!entity) throw invalid({ entity: 'Choose what is in the file: customers, contacts or leads.' });
  demand(ctx, `${entity.name}.${addable(entity) ? 'create' : 'update'}`);
  if (wishes?.commit) demand(ctx, `${entity.name}.update`);
  const [row] = await ctx.db.insert('imports', {
    entity: entity.name,
    file_name: file.name,
    file_bytes: file.bytes,
    file_key: file.key,
    choices: JSON.stringify(wishes ? { wishes } : {}),
    created_by: ctx.actor.id,
  });
  const found = row as unknown as Import;
  await audit(ctx, 'created', { entity: 'import', id: found.id, title: file.name, version: 1 });
  await startTask(ctx, found, 'inspect');
  return found;
}

/** Takes up work whose worker died. Whoever looks at the import calls this; nobody has to know that anything happened. */
export async function reviveIfSilent(ctx: Ctx, found: Import): Promise<void> {
  if (!found.task) return;
  // One that still waits for its turn is not silent for a while yet: asking again would only send it back in the queue.
  const patience = found.attempts ? SILENT : WAITING;
  if (Date.now() - instant(found.heartbeat_at ?? found.created_at, 'utc').toMillis() < patience * 1_000) return;
  const silent = await ctx.db.update(
    'imports',
    { id: found.id, run: found.run },
    // The condition on time stands in the value: an import with a living worker keeps its run.
    {
      run: ctx.db.sql(`case when heartbeat_at < now() - interval '${patience} seconds' then run + 1 else run end`),
      heartbeat_at: ctx.db.sql(
        `case when heartbeat_at < now() - interval '${patience} seconds' then now() else heartbeat_at end`,
      ),
    },
  );
  const run = silent[0]?.run as number | undefined;
  if (run === undefined || run === found.run) return;
  await enqueue(ctx, work, { import_id: found.id, run }, `import:${found.id}`);
}

/**
 * Takes up work that waits and that no worker has begun; whoever gets it from the queue later finds it taken.
 * @returns the number of the run, null when a worker was quicker
 * @throws 404
 */
export async function takeUp(ctx: Ctx, id: string): Promise<number | null> {
  const found = await loadImport(ctx, id, true);
  if (!found.task || found.attempts) return null;
  const run = found.run + 1;
  await ctx.db.update('imports', { id: found.id }, { run, heartbeat_at: new Date().toISOString() });
  return run;
}

const SETTLED = new Set(['committing', 'committed', 'undoing', 'undone']);

/** Refuses to change how a file is read once its rows are on their way into the records. @throws 409 */
export function refuseSettled(found: Import): void {
  if (SETTLED.has(found.state))
    throw new AppError(409, 'This import has been started already; its columns cannot be changed any more.');
}

/** How a person wants a file to be read. */
export interface SourceChoice {
  /** null: there was none to choose */
  sheet: number | null;
  /** null: to be found */
  header_row: number | null;
  /** of a text file */
  csv: CsvOptions;
}

/** Chooses sheet, header row and the way a text file is read; the file is read again. @throws 404, 409, 422 */
export async function chooseSource(ctx: Ctx, id: string, { sheet, header_row, csv }: SourceChoice): Promise<void> {
  const found = await loadImport(ctx, id, true);
  refuseSettled(found);
  const text = isText(found);
  if (!found.sheets.length && (!text || found.task))
    throw badRequest('This file has not been looked into yet. Wait a moment and try again.');
  if (found.sheets.length ? !found.sheets.some((s) => s.index === sheet) : sheet !== null)
    throw invalid({ sheet: 'Choose one of the sheets of the file.' });
  const dialect = text ? { ...csv, ...(found.dialect.found ? { found: found.dialect.found } : {}) } : {};
  const patch = { state: 'reading', sheet, header_row, dialect: JSON.stringify(dialect), error: null };
  // Read in another way, a text file may begin in another way.
  await startTask(ctx, found, text ? 'inspect' : 'stage', patch);
}

/** Forgets what was said about the columns, here or with an earlier file: they are shown as they look. @throws 404, 409 */
export async function startFromGuess(ctx: Ctx, id: string): Promise<void> {
  const found = await loadImport(ctx, id, true);
  refuseSettled(found);
  if (found.task || (found.state !== 'mapping' && found.state !== 'planned'))
    throw new AppError(409, 'This file is being worked on. Wait a moment and try again.');
  const { mapping, choices } = guessed(entityOf(found), found.columns);
  const patch = { state: 'mapping', mapping: JSON.stringify(mapping), choices: JSON.stringify(choices) };
  await ctx.db.update('imports', { id: found.id }, patch);
}

/** Defaults must be readable, and people among them colleagues. @throws 422 */
async function checkDefaults(ctx: Ctx, entity: Entity, choices: Choices): Promise<void> {
  const problems: Record<string, string> = {};
  for (const [name, text] of Object.entries(choices.defaults)) {
    const field = entity.fields[name]!;
    const parsed = field.fromText(text, ctx.tenant);
    if (!parsed.ok) problems[`default_${name}`] = parsed.message;
    else if (field.kind === 'ref') {
      const [person] =
        field.to === 'user'
          ? await ctx.db
              .from('users')
              .select('id')
              .where('id', parsed.value as string)
              .whereNull('deactivated_at')
          : [];
      if (!person) problems[`default_${name}`] = 'Choose one from the list.';
    }
  }
  if (Object.keys(problems).length) throw invalid(problems, 'Some columns need a look.');
}

/**
 * Says what each column becomes and has the plan made. Nothing is written into the records.
 * @throws 404, 409, 422
 */
export async function saveMapping(
  ctx: Ctx,
  id: string,
  mapping: readonly ColumnMapping[],
  choices: Choices,
): Promise<void> {
  const found = await loadImport(ctx, id, true);
  refuseSettled(found);
  if (!found.columns.length || found.state === 'failed')
    throw new AppError(409, 'The rows of this file have not been read, so there is nothing to plan.');
  const entity = entityOf(found);
  const checked = readMapping(entity, found.columns, mapping, choices);
  await checkDefaults(ctx, entity, choices);
  await rememberMapping(ctx, entity, found.columns, checked, choices, found.file_name);
  await startTask(ctx, found, 'plan', {
    state: 'mapping',
    mapping: JSON.stringify(checked),
    choices: JSON.stringify(choices),
    error: null,
  });
}

/**
 * Starts writing what the plan says, or after that the rows that wait for a second look. Sent twice it happens once.
 * @param run number of the plan that the person has seen; null: whatever is planned
 * @throws 403, 404, 409
 */
export async function commitImport(ctx: Ctx, id: string, run: number | null): Promise<void> {
  const found = await loadImport(ctx, id, true);
  const again = found.state === 'committed' && found.review > 0 && found.move === 1;
  if (SETTLED.has(found.state) && !again) return;
  if (!again && (found.state !== 'planned' || found.task))
    throw new AppError(409, 'There is no finished plan for this file yet, so nothing was imported.');
  if (run !== null && run !== found.run)
    throw new AppError(
      409,
      'The columns were changed since you saw this plan, so nothing was imported. Look at the new plan.',
    );
  const counts = again ? await queueReviewed(ctx, found) : { total: found.created + found.updated };
  demandWrites(ctx, { ...found, ...counts, move: 1 }, plannerOf(ctx, found));
  await startTask(ctx, found, 'commit', { state: 'committing', move: 1, ...counts });
}

/** Makes a piece of work of the rows that were planned anew. @returns how the counts change */
async function queueReviewed(ctx: Ctx, found: Import): Promise<Partial<Import>> {
  const [chunk] = (await ctx.db.run(
    `/* import.review_chunk */ insert into import_chunks (tenant_id, import_id, n, first_row, last_row, rows)
     select :tenant, :id, (select coalesce(max(n), 0) + 1 from import_chunks where tenant_id = :tenant and import_id = :id),
       min(row_number), max(row_number), count(*) from import_plan
     where tenant_id = :tenant and import_id = :id and review and part = 0 returning n, rows`,
    { id: found.id },
  )) as { n: number; rows: number }[];
  const rows = await ctx.db.run(
    `/* import.reviewed */ update import_plan p set review = false, result = null, problems = '[]', chunk = :n
     where p.tenant_id = :tenant and p.import_id = :id and p.plan in ('create', 'update') and exists (
       select from import_plan r where r.tenant_id = :tenant and r.import_id = :id and r.row_number = p.row_number and r.review)
     returning part, plan`,
    { id: found.id, n: chunk!.n },
  );
  const made = rows.filter(({ part, plan }) => part === 0 && plan === 'create').length;
  const { created, updated, failed } = found;
  const total = chunk!.rows;
  return { created: created + made, updated: updated + total - made, failed: failed - total, review: 0, total };
}

/** How long an import can be undone, in days. */
export const UNDO_DAYS = 30;

/** Until when an import can be undone; null when it cannot be any more. */
export function undoUntil(found: Pick<Import, 'committed_at' | 'created' | 'updated'>): DateTime | null {
  if (!found.committed_at || !(found.created + found.updated)) return null;
  const until = instant(found.committed_at, 'utc').plus({ days: UNDO_DAYS });
  return until > DateTime.utc() ? until : null;
}

/**
 * Takes an import back: what it made goes to the trash, what it changed gets its old values where nobody edited them
 * since. Sent twice it happens once.
 * @throws 403, 404, 409
 */
export async function undoImport(ctx: Ctx, id: string): Promise<void> {
  const found = await loadImport(ctx, id, true);
  if (found.state === 'undoing' || found.state === 'undone') return;
  if (found.state !== 'committed')
    throw new AppError(
      409,
      'Only a finished import can be undone. This one has written nothing yet, or is still at it.',
    );
  if (!undoUntil(found))
    throw new AppError(409, `This import wrote nothing, or longer than ${UNDO_DAYS} days ago, so it cannot be undone.`);
  await moveOn(ctx, found, 'undo', 'undoing');
}

/** Writes an import again that was undone; what was edited since the undo stays. Sent twice it happens once. @throws 403, 404, 409 */
export async function redoImport(ctx: Ctx, id: string): Promise<void> {
  const found = await loadImport(ctx, id, true);
  if (found.state === 'committed' || found.state === 'committing') return;
  if (found.state !== 'undone' || !undoUntil(found))
    throw new AppError(409, `Only an import that was undone within ${UNDO_DAYS} days of its end can be brought back.`);
  await moveOn(ctx, found, 'commit', 'committing');
}

async function moveOn(ctx: Ctx, found: Import, task: Task, state: Import['state']): Promise<void> {
  const move = found.move + 1;
  demandWrites(ctx, { ...found, move }, plannerOf(ctx, found));
  const [sum] = await ctx.db.run(
    `/* import.total */ select coalesce(sum(rows), 0)::integer as n from import_chunks
     where tenant_id = :tenant and import_id = :id`,
    { id: found.id },
  );
  await startTask(ctx, found, task, { state, move, total: sum!.n });
}

export interface ImportLine extends Import {
  who: string;
}

/** The company's imports, newest first. @param before id of the last one shown */
export async function listImports(ctx: Ctx, before: string | null, most: number): Promise<ImportLine[]> {
  const query = ctx.db
    .from('imports', 'imports', 'import.list')
    .join(ctx.db.table('users', 'users') as never, 'users.id', 'imports.created_by')
    .select(
      ...['id', 'entity', 'state', 'task', 'error', 'file_name', 'created_at'].map((c) => `imports.${c}`),
      ...['rows', 'created', 'updated', 'unchanged', 'skipped', 'failed'].map((c) => `imports.${c}`),
      'users.name as who',
    )
    .orderBy('imports.id', 'desc')
    .limit(most);
  if (before && UUID.test(before)) query.where('imports.id', '<', before);
  return (await query) as unknown as ImportLine[];
}
