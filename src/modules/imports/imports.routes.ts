import { may } from '#src/kernel/access.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { badRequest, notFound } from '#src/kernel/errors.ts';
import { one } from '#src/kernel/list_query.ts';
import {
  type Body,
  entry,
  events,
  type Input,
  page,
  type Reply,
  Routes,
  redirect,
  wholeNumber,
} from '#src/kernel/routes.ts';
import { IMPORT_RUN } from './access.ts';
import { errorWorkbook } from './error_workbook.ts';
import { type FileRow, fixRow, loadRow } from './fixes.ts';
import { readChoices, readColumns } from './forms.ts';
import {
  commitImport,
  createImport,
  entityOf,
  listImports,
  loadImport,
  redoImport,
  reviveIfSilent,
  saveMapping,
  undoImport,
} from './imports.service.ts';
import { importHead, importsView, newView, progressView } from './imports.view.ts';
import { mappingView } from './mapping.view.ts';
import type { Import } from './model.ts';
import { planView, resultRowsView } from './plan.view.ts';
import { filterOf } from './plan_page.ts';
import { demandRoom } from './quota.ts';
import { readingView, sheetsView } from './reading.view.ts';
import { accountOf, resultView, undoers } from './result.view.ts';
import { fixableState, readFixes, rowForm, rowProblems } from './row_form.ts';
import { receiveUpload } from './upload.ts';
import type { ImportRowView } from './views.ts';
import { some } from './words.ts';
import { importTopic } from './work.ts';

const PER_PAGE = 50;
const allowed = may(IMPORT_RUN);
const id = (input: Input): string => input.params.id ?? '';

const uploadPage = (ctx: Ctx, input: Input, body: Body, error: string, status = 200): Reply =>
  page('imports/new', newView(ctx, input.platform.config, body, error), 'Import a file', { status });

const mappingPage = async (ctx: Ctx, found: Import, problems: Record<string, string>, status = 200): Promise<Reply> =>
  page('imports/mapping', await mappingView(ctx, found, entityOf(found), problems), `Columns of ${found.file_name}`, {
    status,
  });

/** The page of an import: whatever step it is at. */
async function stepPage(ctx: Ctx, input: Input): Promise<Reply> {
  const found = await loadImport(ctx, id(input));
  await reviveIfSilent(ctx, found);
  const entity = entityOf(found);
  if (found.task) return progressPage(found);
  switch (found.state) {
    case 'failed': {
      const view = {
        head: importHead(found),
        reading: readingView(ctx, found, 'Read it in another way'),
        message: found.error ?? '',
        new_href: `/imports/new?entity=${entity.table}`,
      };
      return page('imports/failed', view, `Import of ${found.file_name}`);
    }
    case 'uploaded':
      return page('imports/source', sheetsView(ctx, found), `Sheet of ${found.file_name}`);
    case 'mapping':
      return mappingPage(ctx, found, {});
    case 'planned': {
      if (one(input.query, 'step') === 'columns') return mappingPage(ctx, found, {});
      const view = await planView(ctx, found, entity, input.query);
      return page('imports/plan', view, `Plan for ${found.file_name}`);
    }
    default: {
      const title = `Result of ${found.file_name}`;
      if (!filterOf(input.query)) return page('imports/result', await resultView(ctx, found, entity), title);
      return page('imports/plan', await resultRowsView(ctx, found, entity, input.query, accountOf(found)), title);
    }
  }
}

async function rowOf(ctx: Ctx, input: Input): Promise<{ found: Import; row: FileRow }> {
  const found = await loadImport(ctx, id(input));
  const number = input.params.n ?? '';
  if (!/^\d{1,9}$/.test(number)) throw notFound();
  return { found, row: await loadRow(ctx, found.id, Number(number)) };
}

/** The form of one row, by itself or in the place of the row. */
const rowPage = (view: ImportRowView, status = 200): Reply =>
  page('imports/row', view, view.form.heading, {
    status,
    fragments: { [view.id]: { view: '_import/row_form', data: view } },
  });

function progressPage(found: Import): Reply {
  const view = progressView(found);
  const fragments = { job: { view: '_import/bar' as const, data: view } };
  return page('imports/progress', view, `${view.text} ${found.file_name}`, { fragments });
}

/** From the file to the result, a page a step, under one address. */
export const importRoutes = new Routes()
  .get('/imports', allowed, async (ctx, input) => {
    const before = one(input.query, 'before');
    const lines = await listImports(ctx, before || null, PER_PAGE + 1);
    const shown = lines.slice(0, PER_PAGE);
    const undone = shown.flatMap(({ id, state }) => (state === 'undone' ? [id] : []));
    const view = importsView(ctx, shown, await undoers(ctx, undone), lines.length > PER_PAGE, !before);
    return page('imports/index', view, 'Imports');
  })
  .get('/imports/new', allowed, async (ctx, input) =>
    uploadPage(ctx, input, { entity: one(input.query, 'entity') }, ''),
  )
  .post(
    '/imports',
    allowed,
    async (ctx, input) => {
      await demandRoom(ctx, input.file!, input.platform.config.import_quota);
      const found = await createImport(ctx, entry(input.body, 'entity'), input.file!, null);
      return redirect(`/imports/${found.id}`);
    },
    {
      receive: receiveUpload,
      refused: async (ctx, input, error) =>
        uploadPage(ctx, input, input.body, Object.values(error.details)[0] ?? error.message, error.status),
    },
  )
  .get('/imports/:id', allowed, stepPage)
  .get('/imports/:id/progress', allowed, async (ctx, input) => {
    const found = await loadImport(ctx, id(input));
    await reviveIfSilent(ctx, found);
    return found.task ? progressPage(found) : redirect(`/imports/${found.id}`);
  })
  .get('/imports/:id/events', allowed, async (ctx, input) => events(importTopic((await loadImport(ctx, id(input))).id)))
  .post(
    '/imports/:id/mapping',
    allowed,
    async (ctx, input) => {
      const found = await loadImport(ctx, id(input));
      const entity = entityOf(found);
      await saveMapping(ctx, found.id, readColumns(entity, found.columns, input.body), readChoices(input.body));
      return redirect(`/imports/${found.id}`);
    },
    {
      refused: async (ctx, input, error) => {
        const found = await loadImport(ctx, id(input));
        if (error.status === 409) throw error;
        const mapping = readColumns(entityOf(found), found.columns, input.body);
        const typed = { ...found, mapping, choices: readChoices(input.body) };
        return mappingPage(ctx, typed, error.details, error.status);
      },
    },
  )
  .post('/imports/:id/commit', allowed, async (ctx, input) => {
    const found = await loadImport(ctx, id(input));
    const run = entry(input.body, 'run');
    if (!run) throw badRequest('The form is incomplete. Reload the plan and try again.');
    await commitImport(ctx, found.id, wholeNumber(run, 'the number of the plan'));
    const again = found.state === 'committed' && found.move === 1;
    const rows = found.state === 'planned' ? found.created + found.updated : again ? found.review : 0;
    const said = `${some(rows, 'row is', 'rows are')} being imported.`;
    return redirect(`/imports/${found.id}`, found.task || !rows ? null : { text: said, tone: 'green' });
  })
  .get('/imports/:id/rows/:n', allowed, async (ctx, input) => {
    const { found, row } = await rowOf(ctx, input);
    if (!row.failed || !fixableState(found)) return redirect(`/imports/${found.id}`);
    return rowPage(rowForm(ctx, found, row, new Map(), rowProblems(row)));
  })
  .post(
    '/imports/:id/rows/:n',
    allowed,
    async (ctx, input) => {
      const { found, row } = await rowOf(ctx, input);
      await fixRow(ctx, found.id, row.row_number, readFixes(found, input.body));
      const left = (await loadImport(ctx, found.id)).failed;
      const said = `Row ${row.row_number} is corrected.`;
      return redirect(`/imports/${found.id}${left ? `?rows=error&fixed=${row.row_number}` : ''}`, {
        text: said,
        tone: 'green',
      });
    },
    {
      refused: async (ctx, input, error) => {
        if (error.status === 409) throw error;
        const { found, row } = await rowOf(ctx, input);
        const typed = readFixes(found, input.body);
        return rowPage(rowForm(ctx, found, row, typed, error.details), error.status);
      },
    },
  )
  .post('/imports/:id/undo', allowed, async (ctx, input) => {
    await undoImport(ctx, id(input));
    return redirect(`/imports/${id(input)}`);
  })
  .post('/imports/:id/redo', allowed, async (ctx, input) => {
    await redoImport(ctx, id(input));
    return redirect(`/imports/${id(input)}`);
  })
  .get('/imports/:id/errors.xlsx', allowed, async (ctx, input) =>
    errorWorkbook(ctx, input.platform.pools.app, await loadImport(ctx, id(input))),
  );
