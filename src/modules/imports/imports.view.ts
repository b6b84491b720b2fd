import type { Config } from '#src/config.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { can } from '#src/kernel/context.ts';
import { allEntities, type Entity, entityNamed } from '#src/kernel/entity.ts';
import { formatInstant } from '#src/kernel/fields/dates.ts';
import { cell } from '#src/kernel/fields/field.ts';
import type { Body } from '#src/kernel/routes.ts';
import { entry } from '#src/kernel/routes.ts';
import type { Cell, ListView, Tone } from '#src/kernel/views.ts';
import type { ImportLine } from './imports.service.ts';
import type { Import, State, Task } from './model.ts';
import { addable, IMPORTABLE } from './targets.ts';
import type { ImportHead, ImportNewView, ImportsView, ProgressView, Step } from './views.ts';
import { count, listed, some } from './words.ts';

const LABELS: Record<State, [string, Tone]> = {
  uploaded: ['Choose a sheet', 'amber'],
  reading: ['Being read', 'accent'],
  mapping: ['Match the columns', 'amber'],
  planned: ['Planned', 'amber'],
  committing: ['Being imported', 'accent'],
  committed: ['Imported', 'green'],
  undoing: ['Being undone', 'accent'],
  undone: ['Undone', 'neutral'],
  failed: ['Could not be read', 'red'],
};

/** The state in a word. */
export function stateCell(found: Pick<Import, 'state' | 'task'>): Cell {
  if (found.task === 'inspect') return cell('badge', 'Being read', { tone: 'accent' });
  if (found.task === 'plan') return cell('badge', 'Being planned', { tone: 'accent' });
  const [text, tone] = LABELS[found.state];
  return cell('badge', text, { tone });
}

const STEPS = ['File', 'Columns', 'Plan', 'Result'] as const;

function place(found: Pick<Import, 'state' | 'task'>): number {
  if (found.state === 'committed' || found.state === 'undoing' || found.state === 'undone') return 3;
  if (found.state === 'planned' || found.state === 'committing') return 2;
  return found.state === 'mapping' ? (found.task === 'plan' ? 2 : 1) : 0;
}

/** @param at the step that is shown, when it is another than the one the import is at */
export function importHead(found: Import, at = place(found)): ImportHead {
  const sheet = found.sheets.length > 1 ? found.sheets.find((s) => s.index === found.sheet) : undefined;
  const parts = [
    found.file_name,
    sheet ? `sheet ${sheet.name}` : '',
    found.rows ? some(found.rows, 'row', 'rows') : '',
  ];
  const canGoBack = found.state === 'planned' && !found.task;
  return {
    heading: `Import ${entityNamed(found.entity).label[1].toLowerCase()}`,
    subtitle: parts.filter(Boolean).join(' · '),
    steps: STEPS.map((label, index): Step => {
      const state = index === at ? 'current' : index < Math.max(at, place(found)) ? 'done' : 'ahead';
      const href =
        canGoBack && index === 1 && at !== 1
          ? `/imports/${found.id}?step=columns`
          : canGoBack && index === 2 && at === 1
            ? `/imports/${found.id}`
            : '';
      return { label, href, state };
    }),
  };
}

/** What can be done with which kind of record. */
function kindsNote(own: readonly Entity[], others: readonly Entity[]): string {
  const names = (kinds: readonly Entity[]) => listed(kinds.map(({ label: [, many] }) => many.toLowerCase()));
  const sentences = [
    own.length ? `Any list can bring ${names(own)}.` : '',
    others.length
      ? `To change ${names(others)}, export their list, edit it and upload it here: exactly the cells you change are changed.`
      : '',
    'Exports of Rapport and its workbooks of errors are recognised, whatever is chosen here.',
  ];
  return sentences.filter(Boolean).join(' ');
}

/** Where a file is chosen: every kind that the person may add, or change by an edited export. */
export function newView(
  ctx: Ctx,
  limits: Pick<Config, 'upload_bytes' | 'import_rows' | 'import_columns' | 'import_keep_days'>,
  body: Body,
  error: string,
): ImportNewView {
  const [megabytes, rows, columns] = [limits.upload_bytes / 1024 / 1024, limits.import_rows, limits.import_columns];
  const chosen = entry(body, 'entity');
  const own = IMPORTABLE.map(entityNamed).filter((entity) => can(ctx, `${entity.name}.create`));
  const others = allEntities().filter((entity) => !addable(entity) && can(ctx, `${entity.name}.update`));
  const offered = (label: string, kinds: readonly Entity[]) => ({
    label,
    options: kinds.map(({ table, name, label: [, many] }) => ({
      value: table,
      label: many,
      selected: chosen === table || chosen === name,
    })),
  });
  return {
    action: '/imports',
    hidden: [{ name: '_csrf', value: ctx.csrf }],
    error,
    kinds: [offered('From any list', own), offered('An edited export only', others)].filter((k) => k.options.length),
    kinds_note: kindsNote(own, others),
    accept: '.xlsx,.csv',
    limits:
      `Excel (.xlsx) or CSV, up to ${count(megabytes)} MB, ${some(rows, 'row', 'rows')} and ${some(columns, 'column', 'columns')}. ` +
      `The file is kept for ${some(limits.import_keep_days, 'day', 'days')}; the records stay.`,
    cancel: '/imports',
  };
}

const WORKING: Record<Task, (found: Import) => string> = {
  inspect: () => 'Looking into the file …',
  stage: (found) => (found.done ? `${some(found.done, 'row', 'rows')} read …` : 'Reading the rows …'),
  plan: (found) => `${count(found.done)} of ${some(found.total, 'row', 'rows')} checked …`,
  commit: (found) =>
    `${count(found.done)} of ${some(found.total, 'row', 'rows')} ${found.move > 1 ? 'brought back' : 'imported'} …`,
  undo: (found) => `${count(found.done)} of ${some(found.total, 'row', 'rows')} taken back …`,
};

/** How far the worker has got. */
export function progressView(found: Import): ProgressView {
  const { task, done, total } = found;
  // How many rows a file has is known at its end only: until then the bar approaches it.
  const share = task === 'stage' ? (done / (done + 20_000)) * 0.9 : total ? done / total : 0;
  return {
    head: importHead(found),
    percent: Math.min(100, Math.round(share * 100)),
    text: task ? WORKING[task](found) : 'Done.',
    poll_href: `/imports/${found.id}/progress`,
    events_href: `/imports/${found.id}/events`,
    note: 'You can leave this page; the work goes on, and Imports in the menu leads back here.',
  };
}

/** '412 rows: 300 new, 80 changed, …' */
export function countsText(found: Import): string {
  if (!['planned', 'committing', 'committed', 'undoing', 'undone'].includes(found.state))
    return found.rows ? some(found.rows, 'row', 'rows') : '';
  const said = [
    [found.created, 'created'],
    [found.updated, 'updated'],
    [found.unchanged, 'unchanged'],
    [found.skipped, 'skipped'],
    [found.failed, 'failed'],
  ] as const;
  const parts = said.flatMap(([n, word]) =>
    n ? [`${count(n)} ${found.state === 'planned' ? PLANNED[word] : word}`] : [],
  );
  return `${some(found.rows, 'row', 'rows')}: ${parts.join(', ')}`;
}

const PLANNED = {
  created: 'to create',
  updated: 'to update',
  unchanged: 'unchanged',
  skipped: 'to skip',
  failed: 'with errors',
};

export const noPager = (label: string): ListView['pager'] => ({
  label,
  prev_href: '',
  next_href: '',
  count_href: '',
  exact_href: '',
  total: '',
  sizes: [],
});

/** 'This is a PDF document.': what to do about it stands on the import's own page. */
const firstSentence = (text: string): string => /^.*?[.:](?=\s|$)/.exec(text)?.[0].replace(/:$/, '.') ?? text;

/** The history: who imported what, and what came of it. */
export function importsView(
  ctx: Ctx,
  lines: readonly ImportLine[],
  undoers: ReadonlyMap<string, string>,
  more: boolean,
  first: boolean,
): ImportsView {
  const last = lines.at(-1);
  return {
    new_href: '/imports/new',
    rows: lines.map((line) => {
      const [when, exact] = formatInstant(line.created_at, ctx.tenant);
      return {
        href: `/imports/${line.id}`,
        file: line.file_name,
        kind: entityNamed(line.entity).label[1],
        who: line.who,
        when,
        when_exact: exact,
        state: stateCell(line),
        state_note: line.state === 'undone' ? `by ${undoers.get(line.id) ?? line.who}` : '',
        counts: line.state === 'failed' ? firstSentence(line.error ?? '') : countsText(line),
      };
    }),
    pager: {
      ...noPager(lines.length ? `${count(lines.length)} shown` : ''),
      prev_href: first ? '' : '/imports',
      next_href: more && last ? `/imports?before=${last.id}` : '',
    },
  };
}
