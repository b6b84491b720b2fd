import type { Ctx } from '#src/kernel/context.ts';
import type { Table } from '#src/kernel/export.ts';
import { rowsNote, tableHeads } from './figures.ts';
import { MOST_ROWS, type Parts, type Question, type Report } from './report.ts';
import { compareValues, excelOf, type Value, valueCell, valueExport } from './value.ts';

/** One table of an answer. */
export interface AnswerTable {
  title: string;
  /** names of columns of the report; the first is the head of each row */
  columns: readonly string[];
  /** in the order that is told where the report is sorted by none of these columns; a value for each column */
  rows: Value[][];
  total: Value[] | null;
  empty: string;
}

/** What a report says, once: its page, its spreadsheet and its JSON are made of it. */
export interface Answer extends Omit<Parts, 'tables' | 'note'> {
  tables: AnswerTable[];
  /** said below the tables, beside the number of rows */
  note?: string;
  json: object;
}

/** A report whose whole answer fits into memory: a row a status, a source, a month or a colleague. */
export interface AnsweredReport extends Omit<Report, 'page' | 'table' | 'json'> {
  answer(ctx: Ctx, question: Question): Promise<Answer>;
}

function sorted({ columns, rows }: AnswerTable, { sort, descending }: Question): Value[][] {
  const at = columns.indexOf(sort);
  return at < 0 ? rows : [...rows].sort((a, b) => compareValues(a[at]!, b[at]!, descending));
}

function parts(ctx: Ctx, report: AnsweredReport, question: Question, answer: Answer): Parts {
  const heads = new Map(tableHeads(report, question).map((head) => [head.name, head]));
  const cells = (row: Value[]) => row.map((value) => valueCell(ctx, value));
  const all = answer.tables.reduce((sum, { rows }) => sum + rows.length, 0);
  const shown = answer.tables.reduce((sum, { rows }) => sum + Math.min(rows.length, MOST_ROWS), 0);
  return {
    ...answer,
    tables: answer.tables.map((table) => ({
      title: table.title,
      columns: table.columns.map((name) => heads.get(name)!),
      rows: sorted(table, question).slice(0, MOST_ROWS).map(cells),
      total: table.total && cells(table.total),
      empty: table.empty,
    })),
    note: [rowsNote(ctx, shown, all), answer.note].filter(Boolean).join(' '),
  };
}

/** All tables below each other; where there are several, the first column says which one a row is of. */
function sheet(
  report: AnsweredReport,
  question: Question,
  { tables }: Answer,
): Omit<Table, 'rows'> & { lines: Value[][] } {
  const several = tables.length > 1;
  const named = report.columns.filter(({ name }) => tables.some(({ columns }) => columns.includes(name)));
  const money = named.some(({ kind }) => kind === 'money');
  const nothing: Value = { kind: 'text', value: null, currency: '', href: '' };
  const lines = tables.flatMap((table) =>
    sorted(table, question).map((row) => [
      ...(several ? [{ ...nothing, value: table.title }] : []),
      ...named.map(({ name }) => row[table.columns.indexOf(name)] ?? nothing),
      ...(money ? [{ ...nothing, value: row.find(({ currency }) => currency)?.currency ?? null }] : []),
    ]),
  );
  return {
    title: report.title,
    columns: [
      ...(several ? [{ label: 'Table', excel: 'text' as const, width: 24 }] : []),
      ...named.map(({ label, kind }) => ({ label, excel: excelOf(kind), width: kind === 'name' ? 40 : 16 })),
      ...(money ? [{ label: 'Currency', excel: 'text' as const, width: 10 }] : []),
    ],
    lines,
  };
}

/** Makes the three ways of answering out of the one. */
export function answered(report: AnsweredReport): Report {
  // A question is read anew for each request; a workbook asks it twice, for its figures and for its charts.
  const known = new WeakMap<Question, Promise<Answer>>();
  const answer = (ctx: Ctx, question: Question): Promise<Answer> => {
    const found = known.get(question) ?? report.answer(ctx, question);
    known.set(question, found);
    return found;
  };
  return {
    ...report,
    page: async (ctx, question) => parts(ctx, report, question, await answer(ctx, question)),
    json: async (ctx, question) => (await answer(ctx, question)).json,
    async table(ctx, question) {
      const { lines, ...table } = sheet(report, question, await answer(ctx, question));
      async function* rows() {
        yield lines.map((line) => line.map(valueExport));
      }
      return { ...table, rows: rows() };
    },
  };
}
