import type { Ctx } from '#src/kernel/context.ts';
import { cut } from '#src/kernel/fields/field.ts';
import { errorsOf, input } from '#src/kernel/forms.ts';
import { type Body, entry } from '#src/kernel/routes.ts';
import type { FileRow } from './fixes.ts';
import { entityOf } from './imports.service.ts';
import { importHead } from './imports.view.ts';
import type { ColumnMapping, Import } from './model.ts';
import { shownColumns } from './row_cells.ts';
import { cellText } from './staged_cells.ts';
import { isRecordTarget, targetField, targetLabel } from './targets.ts';
import type { ImportRowView } from './views.ts';

/** The field of a form that carries the text of a column. */
export const fixInput = (column: number): string => `cell_${column}`;

/** Columns whose cells can be corrected: all that are imported, except those that say which record is meant. */
export const fixableColumns = (found: Import): ColumnMapping[] =>
  (found.mapping ?? []).filter(({ field }) => field && !isRecordTarget(field));

/** May errors of single rows be corrected where they are shown? */
export const fixableState = (found: Import): boolean =>
  !found.task && !found.purged_at && (found.state === 'planned' || (found.state === 'committed' && found.move === 1));

/** Longest text a cell may get, as in a workbook. */
const MOST_CHARACTERS = 32_767;

/** What the form says, by column. */
export const readFixes = (found: Import, body: Body): Map<number, string> =>
  new Map(
    fixableColumns(found).flatMap(({ column }): [number, string][] => {
      const name = fixInput(column);
      return Object.hasOwn(body, name) ? [[column, cut(entry(body, name), MOST_CHARACTERS)]] : [];
    }),
  );

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * The mapped cells of one row as a form.
 * @param typed what was sent, when it comes back
 * @param problems what is wrong, by field; 'row' is what is wrong with the row as a whole
 */
export function rowForm(
  ctx: Ctx,
  found: Import,
  row: FileRow,
  typed: ReadonlyMap<number, string>,
  problems: Record<string, string>,
): ImportRowView {
  const entity = entityOf(found);
  const inputs = fixableColumns(found).map(({ column, field }) => {
    const name = fixInput(column);
    const text = typed.get(column) ?? cellText(row.cells[column]);
    const [header, target] = [found.columns[column]?.header ?? '', targetLabel(entity, field)];
    const declared = targetField(entity, field);
    const choices = declared?.kind === 'choice' ? declared.choices.map(({ label }) => label) : [];
    const control = text.includes('\n') || declared?.kind === 'long_text' ? 'textarea' : 'text';
    return input(control, name, header, {
      id: `${name}-${row.row_number}`,
      value: text,
      required: declared?.options.required === true,
      help: choices.length ? `One of ${choices.join(', ')}.` : header === target ? '' : `Becomes: ${target}`,
      error: sentence(problems[name] ?? ''),
    });
  });
  const wrong = inputs.find(({ error }) => error) ?? inputs[0];
  if (wrong) wrong.autofocus = true;
  const sent = typed.size > 0;
  const whole = problems.row ? [{ id: wrong?.id ?? '', label: `Row ${row.row_number}`, message: problems.row }] : [];
  const address = `/imports/${found.id}/rows/${row.row_number}`;
  return {
    id: `row-${row.row_number}`,
    head: importHead(found, found.state === 'planned' ? 2 : 3),
    span: shownColumns(found, entity).length + 3,
    message: sent ? '' : (problems.row ?? ''),
    form: {
      base: '/imports',
      heading: `Correct row ${row.row_number}`,
      action: address,
      submit: 'Correct this row',
      cancel: `/imports/${found.id}?rows=error`,
      hidden: [{ name: '_csrf', value: ctx.csrf }],
      // A summary says that what was sent was refused: a form that was just opened can be left without being asked.
      errors: sent ? [...whole, ...errorsOf(inputs)] : [],
      inputs,
    },
  };
}

/** What is wrong with a row, by the field of its form. */
export function rowProblems(row: FileRow): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const [column, message] of row.problems) {
    const name = column < 0 ? 'row' : fixInput(column);
    problems[name] = [problems[name], message].filter(Boolean).join(' ');
  }
  return problems;
}
