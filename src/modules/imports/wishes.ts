import { z } from 'zod';
import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, fieldLabel, writableFields } from '#src/kernel/entity.ts';
import { invalid } from '#src/kernel/errors.ts';
import { brief } from '#src/kernel/fields/field.ts';
import { headerText } from './headers.ts';
import type { ColumnInfo, ColumnMapping, SheetPreview, Wishes } from './model.ts';
import { storable } from './staged_cells.ts';
import { addable, importable, isNamePart, isRecordTarget, MATCH_KEYS, splitTarget, targets } from './targets.ts';

const HEADER = z.string().max(200);

/** What a program may say about its file, in the form's field `options`. */
export const ImportOptions = z.strictObject({
  sheet: z
    .union([z.string().max(100), z.int().min(0)])
    .optional()
    .describe('Name of the sheet, or its place in the workbook from 0. Left out: the first visible one with rows.'),
  header_row: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe('Row that names the columns, as Excel counts; 0: the list has no such row. Left out: it is found.'),
  mapping: z
    .record(HEADER, z.string().max(100))
    .optional()
    .describe('Header in the file -> field, "" to leave a column out. Left out: the guessed mapping is used.'),
  overwrite: z
    .record(HEADER, z.enum(['always', 'empty', 'never']))
    .optional()
    .describe(
      'Header in the file -> what it may overwrite in records that are there: always, only what is empty, never.',
    ),
  defaults: z
    .record(z.string().max(100), z.string().max(200))
    .optional()
    .describe('Field -> text, for new records where the file says nothing; people by e-mail address, name or id.'),
  mode: z.enum(['create', 'update', 'both']).optional().describe('What may happen to records. "both" if left out.'),
  match: z
    .array(z.enum(MATCH_KEYS))
    .max(MATCH_KEYS.length)
    .optional()
    .describe('What rows are known by, in this order. All if left out; [] makes every row a new record.'),
  blank: z.enum(['keep', 'clear']).optional().describe('What a blank cell does to a record. "keep" if left out.'),
  commit: z.boolean().optional().describe('Write without waiting for a second request.'),
});

/** Field names a message lists; more would not be read. */
const MOST_NAMES = 30;

/** Why a field cannot be filled, in words. */
function noTarget(entity: Entity, field: string): string {
  const { part, field: name } = splitTarget(field);
  const there =
    Object.hasOwn(entity.fields, field) || /^(id|tenant_id|version|(created|updated|deleted)_(at|by))$/.test(name);
  if (there) return `“${field}” is written by Rapport itself; a file cannot fill it.`;
  const names = targets(entity)
    .map((target) => target.field)
    .filter((target) => splitTarget(target).part === part && !isNamePart(target));
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return `There is no field “${brief(field, 60)}”. Fields are ${shown}${names.length > MOST_NAMES ? ', …' : ''}.`;
}

/** For JSON.parse: what PostgreSQL's documents would not take is refused before the file is kept. @throws Error */
function onlyStorable(name: string, value: unknown): unknown {
  for (const text of [name, value])
    if (typeof text === 'string' && storable(text) !== text)
      throw new Error('One of its texts holds half a character or NUL.');
  return value;
}

function parseOptions(text: string): z.infer<typeof ImportOptions> {
  let given: unknown;
  try {
    given = text.trim() ? JSON.parse(text, onlyStorable) : {};
  } catch (error) {
    throw invalid({ options: `Send options as a JSON object. ${(error as Error).message}` });
  }
  const read = ImportOptions.safeParse(given);
  if (read.success) return read.data;
  const known = Object.keys(ImportOptions.shape).join(', ');
  const problems: Record<string, string> = {};
  for (const issue of read.error.issues) {
    if (issue.code !== 'unrecognized_keys') problems[['options', ...issue.path].join('.')] = issue.message;
    else for (const key of issue.keys) problems[`options.${key}`] = `There is no such option. Options are ${known}.`;
  }
  throw invalid(problems);
}

/** Colleagues are named as people name them. @returns the id; null when nobody, or more than one, is meant */
async function personId(ctx: Ctx, text: string): Promise<string | null> {
  const rows = (await ctx.db
    .from('users', 'users', 'import.person')
    .select('id')
    .whereNull('deactivated_at')
    .whereRaw('(lower(email) = lower(?) or lower(name) = lower(?) or id::text = lower(?))', [text, text, text])
    .limit(2)) as { id: string }[];
  return rows.length === 1 ? rows[0]!.id : null;
}

async function readDefaultTexts(
  ctx: Ctx,
  entity: Entity,
  given: Record<string, string>,
  problems: Record<string, string>,
): Promise<Record<string, string>> {
  const own = new Set(writableFields(entity));
  const defaults: Record<string, string> = {};
  for (const [name, text] of Object.entries(given)) {
    const key = `options.defaults.${name}`;
    if (!own.has(name)) {
      problems[key] = noTarget(entity, name);
      continue;
    }
    const field = entity.fields[name]!;
    if (field.kind === 'ref') {
      const id = field.to === 'user' ? await personId(ctx, text) : null;
      if (id) defaults[name] = id;
      else
        problems[key] =
          field.to === 'user'
            ? `There is no active colleague “${brief(text, 60)}”. Write an e-mail address, a name or an id.`
            : `${fieldLabel(entity, name)} cannot be the same for all rows. Give it a column of the file.`;
      continue;
    }
    const parsed = field.fromText(text, ctx.tenant);
    if (parsed.ok) defaults[name] = text;
    else problems[key] = parsed.message;
  }
  return defaults;
}

/**
 * Reads what a program wants done with its file, and refuses what can be known to be wrong before the file is read.
 * @param entityName as in `createImport`, which refuses a wrong one
 * @param text JSON
 * @throws 422 by option
 */
export async function readWishes(ctx: Ctx, entityName: string, text: string): Promise<Wishes> {
  const { defaults, mode, match, blank, ...rest } = parseOptions(text);
  const entity = importable(entityName);
  if (!entity) return {};
  const problems: Record<string, string> = {};
  const allowed = new Set(targets(entity).map(({ field }) => field));
  const used = new Map<string, string>();
  for (const [header, field] of Object.entries(rest.mapping ?? {})) {
    if (!field) continue;
    const key = `options.mapping.${header}`;
    const other = used.get(field);
    used.set(field, header);
    if (!allowed.has(field) && !isRecordTarget(field)) problems[key] = noTarget(entity, field);
    else if (other !== undefined) problems[key] = `“${other}” fills ${field} already.`;
  }
  for (const header of Object.keys(rest.overwrite ?? {})) {
    if (rest.mapping && !rest.mapping[header])
      problems[`options.overwrite.${header}`] = 'This column is not imported: it has no field in mapping.';
  }
  if (!addable(entity) && mode === 'create')
    problems['options.mode'] = `${entity.label[1]} can be changed by a file, not added.`;
  const texts = defaults ? await readDefaultTexts(ctx, entity, defaults, problems) : undefined;
  if (Object.keys(problems).length) throw invalid(problems);
  const choices = Object.fromEntries(
    Object.entries({ mode, match, blank, defaults: texts }).filter(([, value]) => value !== undefined),
  );
  return { ...rest, choices };
}

/** The columns in words, for somebody who asked for one that is not there. */
export function columnsInWords(columns: readonly ColumnInfo[]): string {
  const names = columns.slice(0, 12).map(({ header }) => `“${brief(header, 40)}”`);
  return `The columns are ${names.join(', ')}${columns.length > names.length ? ' …' : ''}.`;
}

/**
 * What a program said about columns, put on the columns that the file turned out to have.
 * @param guess what is used for columns when the program gave no mapping
 * @returns a line for every column, or what is wrong
 */
export function wishedMapping(
  columns: readonly ColumnInfo[],
  { mapping, overwrite }: Pick<Wishes, 'mapping' | 'overwrite'>,
  guess: readonly ColumnMapping[],
): ColumnMapping[] | string {
  const at = (wanted: string) =>
    columns.find(({ header }) => header === wanted) ??
    columns.find(({ header }) => header.toLowerCase() === headerText(wanted).toLowerCase());
  const lines: ColumnMapping[] = mapping
    ? columns.map(({ index }) => ({ column: index, field: '' }))
    : guess.map((line) => ({ ...line }));
  const missing = [...Object.keys(mapping ?? {}), ...Object.keys(overwrite ?? {})].find((header) => !at(header));
  if (missing !== undefined) return `The file has no column “${brief(missing, 60)}”. ${columnsInWords(columns)}`;
  for (const [header, field] of Object.entries(mapping ?? {})) lines[at(header)!.index]!.field = field;
  for (const [header, when] of Object.entries(overwrite ?? {})) {
    const line = lines[at(header)!.index]!;
    if (when !== 'always') line.when = when;
  }
  return lines;
}

/** The sheets in words, for somebody who asked for one that is not there. */
export const sheetsInWords = (sheets: readonly SheetPreview[]): string =>
  sheets.length
    ? ` Its sheets are ${sheets
        .slice(0, 12)
        .map(({ name }) => `“${brief(name, 40)}”`)
        .join(', ')}.`
    : '';
