import { changed } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, fieldLabel, storedFields } from '#src/kernel/entity.ts';
import { newId } from '#src/kernel/ids.ts';
import { RECORD_COLUMNS } from '#src/kernel/list_sql.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { applyRule, widestRule } from '#src/kernel/visibility.ts';
import { loadRecords } from './match.ts';
import type { PlannedPart, Problem } from './model.ts';
import {
  givenValues,
  type Maker,
  missingFields,
  newRecord,
  type Outcome,
  type Planner,
  type StagedRow,
} from './plan_rows.ts';
import { PARTS, type Part } from './targets.ts';
import type { ParsedRow } from './values.ts';

const fold = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '');

/**
 * Contacts and accounts that earlier rows of the file plan, so that a file which names one twice makes one; and new
 * customers whose row has an error in one of its parts, so that no later row of the same customer counts on them.
 */
export type SeenParts = Map<string, string>;

/** What a part is known by: an account by its number anywhere, a contact at its customer alone. */
export function keysOf(part: Part, customer: string, get: (field: string) => unknown): string[] {
  if (part.entity === 'account') return get('account_number') ? [`account ${fold(get('account_number'))}`] : [];
  return ['external_id', 'email', 'name'].flatMap((field) =>
    get(field) ? [`contact ${customer} ${field} ${fold(get(field))}`] : [],
  );
}

/**
 * Adds to each row what it carries besides its record: contacts and an account that hang on its customer. What is wrong
 * with a part is wrong with the row, so that a row is written whole or not at all.
 * @param seen what earlier rows plan; this chunk's are added
 */
export async function planParts(
  ctx: Ctx,
  planner: Planner,
  staged: readonly StagedRow[],
  outcomes: Outcome[],
  seen: SeenParts,
): Promise<void> {
  const open = outcomes.flatMap((outcome, index) => {
    const takes =
      outcome.record_id && (outcome.plan !== 'skip' || outcome.repeats !== null) && outcome.plan !== 'error';
    if (!takes) return [];
    const { row_number, cells } = staged[index]!;
    const parts = planner.parts.flatMap((maker) => {
      const row = maker.reader.read(row_number, cells);
      return row.values.size || row.problems.length ? [{ maker, row }] : [];
    });
    return parts.length ? [{ outcome, parts }] : [];
  });
  const customers = open.flatMap(({ outcome }) => (outcome.record_version === null ? [] : [outcome.record_id!]));
  const there = await existing(ctx, planner, customers, open);
  const partsOf = new Map(open.map(({ outcome, parts }) => [outcome, parts]));
  for (const outcome of outcomes) {
    const problems: Problem[] = [];
    for (const { maker, row } of partsOf.get(outcome) ?? []) {
      const planned = planPart(maker, row, outcome, there, seen);
      if (Array.isArray(planned)) problems.push(...planned);
      else if (planned) outcome.parts.push(planned);
    }
    const failed = `failed ${outcome.record_id}`;
    if (outcome.repeats === null) {
      if (problems.length && outcome.record_version === null) seen.set(failed, '');
    } else if (!problems.length && seen.has(failed))
      problems.push([-1, `Same as row ${outcome.repeats}, which has an error.`]);
    settle(outcome, problems);
  }
}

/** What a row becomes when its parts are known. */
function settle(outcome: Outcome, problems: Problem[]): void {
  if (problems.length) {
    Object.assign(outcome, { plan: 'error', problems, changes: {}, after: null, parts: [] });
  } else if (outcome.parts.length && outcome.repeats !== null) {
    Object.assign(outcome, {
      plan: 'update',
      problems: [[-1, `Same as row ${outcome.repeats}: what is new here is added to it.`]],
    });
  } else if (outcome.parts.length && outcome.plan === 'unchanged') outcome.plan = 'update';
}

/** Names its problems after the part: 'Contact: e-mail is missing'. */
const told = (maker: Maker & { part: Part }, text: string): string => `${maker.part.label}: ${text}`;

function planPart(
  maker: Maker & { part: Part },
  row: ParsedRow,
  outcome: Outcome,
  there: ReadonlyMap<string, Row>,
  seen: SeenParts,
): PlannedPart | Problem[] | null {
  const { part, entity } = maker;
  if (row.problems.length) return row.problems;
  const customer = outcome.record_id!;
  const keys = keysOf(part, customer, (field) => row.values.get(field));
  const record = keys.map((key) => there.get(key)).find(Boolean);
  const one = entity.label[0].toLowerCase();
  if (record?.deleted_at)
    return [[-1, told(maker, `this ${one} is in the trash. Restore it there if it should be used.`)]];
  if (record && record.customer_id !== customer) return [[-1, told(maker, `this ${one} belongs to another customer.`)]];
  const owner = keys.map((key) => seen.get(key)).find(Boolean);
  if (owner !== undefined && owner !== customer)
    return [[-1, told(maker, `an earlier row gives this ${one} to another customer.`)]];
  if (owner !== undefined) return null;
  for (const key of keys) seen.set(key, customer);
  const base = {
    row_number: row.row_number,
    part: PARTS.indexOf(part) + 1,
    entity: entity.name,
    problems: [],
  };
  if (record) {
    const given = givenValues(maker, row, record);
    const changes = changed(record, { ...record, ...given }, Object.keys(given));
    if (!Object.keys(changes).length) return null;
    const title = String(given[entity.title] ?? record[entity.title]);
    const at = { record_id: String(record.id), record_version: Number(record.version) };
    return { ...base, ...at, plan: 'update', title, changes, after: null };
  }
  const after: Row = { ...newRecord(maker, row), customer_id: customer };
  // What has no name of its own is called by what it is known by.
  after[entity.title] ||= after.account_number ?? after.email ?? after.phone ?? null;
  const names = missingFields(entity, after);
  if (names.length)
    return names.map((name) => [-1, told(maker, `${fieldLabel(entity, name).toLowerCase()} is missing.`)]);
  const title = String(after[entity.title]);
  const made = { record_id: newId(), record_version: null, changes: {}, after };
  return { ...base, ...made, plan: 'create', title };
}

/** Contacts of these customers and accounts of these numbers, by each of their keys. */
async function existing(
  ctx: Ctx,
  planner: Planner,
  customers: readonly string[],
  open: readonly { parts: readonly { maker: Maker; row: ParsedRow }[] }[],
): Promise<Map<string, Row>> {
  const there = new Map<string, Row>();
  const add = (part: Part, row: Row) => {
    for (const key of keysOf(part, String(row.customer_id), (field) => row[field])) {
      // A live one before one in the trash.
      const known = there.get(key);
      if (!known || known.deleted_at) there.set(key, row);
    }
  };
  const contact = planner.parts.find(({ part }) => part.entity === 'contact');
  if (contact && customers.length)
    for (const row of await contactsOf(ctx, contact.entity, customers)) add(contact.part, row);
  const account = planner.parts.find(({ part }) => part.entity === 'account');
  if (account) {
    const numbers = open.flatMap(({ parts }) => parts.flatMap(({ row }) => row.values.get('account_number') ?? []));
    const ids = (await ctx.db.run(
      `/* import.accounts */ select id from find_accounts_by_number(array(select json_array_elements_text(:numbers::json)))`,
      { numbers: JSON.stringify(numbers) },
    )) as { id: string }[];
    const found = await loadRecords(
      ctx,
      account.entity,
      ids.map(({ id }) => id),
    );
    for (const row of found.values()) add(account.part, row);
  }
  return there;
}

const contactsOf = async (ctx: Ctx, entity: Entity, customers: readonly string[]): Promise<Row[]> =>
  (await applyRule(ctx, entity, ctx.db.from(entity.table, entity.table, 'import.contacts'), widestRule(ctx, entity))
    .select(...[...RECORD_COLUMNS, ...storedFields(entity)].map((column) => `${entity.table}.${column}`))
    .whereRaw(`${entity.table}.customer_id = any (?::uuid[])`, [[...customers]])) as Row[];
