// What the application really sent to PostgreSQL during a run, and whether each statement says which company it is about.
// Row-level security holds without it; a distributed database would not know where to go and would ask everywhere
// (docs/scaling.md). test/helpers/record_statements.mjs writes down, the end of the run checks.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';

/** Makes every process of a run write down its statements. */
export const RECORDING = {
  NODE_OPTIONS: `--import=${pathToFileURL(path.join(import.meta.dirname, 'record_statements.mjs')).href}`,
};
const FOLDER = 'statements';
const COMPLAINTS = 'complaints.txt';

/** Statements that look across companies on purpose, by their label, each with its reason. */
export const ACROSS: Record<string, string> = {
  'sign_in.any': 'the page of sign-in asks whether any company signs in through a provider, before anybody is known',
  'sign_in.accounts': 'a person types an address before their company is known',
  'token.find': 'a token is found by its hash before its company is known',
};

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
  [more: string]: unknown;
}

const CONDITIONS = ['Index Cond', 'Recheck Cond', 'Filter'];
const NAMES_TENANT = /^\(*(?:[\w"]+\.)?tenant_id = |= (?:[\w"]+\.)?tenant_id\)*$/;

/** Cuts a condition, as EXPLAIN writes it, at a word that stands outside of inner brackets. */
function cut(condition: string, word: ' AND ' | ' OR '): string[] {
  const text = /^\(\(.*\)\)$/s.test(condition) ? condition.slice(1, -1) : condition;
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (depth === 0 && text.startsWith(word, at)) {
      parts.push(text.slice(from, at));
      from = at + word.length;
    }
  }
  return [...parts, text.slice(from)];
}

/** The condition asks for one company, whatever else it asks for. */
const namesTenant = (condition: string): boolean =>
  cut(condition, ' AND ').some((part) => cut(part, ' OR ').length === 1 && NAMES_TENANT.test(part));

function* looks(plan: Plan): Generator<Plan> {
  if (plan['Relation Name'] && plan['Node Type'] !== 'ModifyTable') yield plan;
  for (const child of plan.Plans ?? []) yield* looks(child);
}

/** What can be planned, or null: transactions, settings and the like name no rows. A cursor is what it is declared for. */
function plannable(statement: string): string | null {
  const text = statement.replace(/^\s*(\/\*.*?\*\/\s*)*declare \w+ (no scroll )?cursor for/is, '');
  return /^\s*(\/\*.*?\*\/\s*)*\(*(select|insert|update|delete|with|merge|values)\b/is.test(text) ? text : null;
}

/** Tables whose rows belong to a company. @param client connected to a migrated database */
export async function tenantTables(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`,
  );
  return new Set(rows.map((row) => row.name));
}

/**
 * What is wrong with a statement, or null. PostgreSQL plans it as superuser, whom no row-level security narrows, and without
 * values: every look at a table of companies must then be narrowed by tenant_id, whatever else an OR or a join adds.
 * @param client a superuser's, connected to a migrated database of PostgreSQL 16 or newer
 */
export async function complaintOf(
  client: pg.Client,
  tables: ReadonlySet<string>,
  statement: string,
): Promise<string | null> {
  const text = plannable(statement);
  if (!text) return null;
  let plan: Plan;
  try {
    const { rows } = await client.query(`explain (generic_plan, costs off, format json) ${text}`);
    plan = rows[0]['QUERY PLAN'][0].Plan;
  } catch (error) {
    // Nonsense that names none of the tables (a test's 1/0) is nobody's business here.
    if (!(text.match(/\w+/g) ?? []).some((word) => tables.has(word))) return null;
    return `cannot be planned: ${(error as Error).message}`;
  }
  for (const look of looks(plan)) {
    const table = look['Relation Name']!;
    if (!tables.has(table)) continue;
    const found = CONDITIONS.flatMap((kind) => (typeof look[kind] === 'string' ? [look[kind]] : []));
    if (!found.some(namesTenant))
      return `looks at ${table} without its tenant: ${found.join(' and ') || 'no condition'}`;
  }
  return null;
}

/** Checks every text that was written down; the run reads the result. @param url a superuser's, of a migrated database */
export async function checkStatements(url: string): Promise<void> {
  const folder = path.join(tmpdir(), FOLDER);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await tenantTables(client);
    const complaints: string[] = [];
    const statements = read(folder);
    for (const text of statements.values()) {
      if (Object.keys(ACROSS).some((label) => text.startsWith(`/* ${label} */`))) continue;
      const complaint = await complaintOf(client, tables, text);
      if (complaint) complaints.push(`a statement ${complaint}\n  ${text}`);
    }
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, COMPLAINTS), complaints.join('\0'));
  } finally {
    await client.end();
  }
}

/** Texts by what makes them the same statement. */
function read(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  if (!existsSync(folder)) return found;
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.jsonl'))) {
    for (const line of readFileSync(path.join(folder, name), 'utf8').split('\n')) {
      if (!line) continue;
      const { key, text } = JSON.parse(line) as { key: string; text: string };
      found.set(key, text);
    }
  }
  return found;
}

/** What the check at the end of a run found. @param folder for temporary files of the run */
export function readComplaints(folder: string): string[] {
  const file = path.join(folder, FOLDER, COMPLAINTS);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\0').filter(Boolean) : [];
}
