import { may } from '#src/kernel/access.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { entry, type Handler, type Input, json, Routes } from '#src/kernel/routes.ts';
import { IMPORT_RUN } from './access.ts';
import { COMMIT, ERRORS, REDO, SHOW, UNDO, UPLOAD } from './describe.ts';
import { errorWorkbook } from './error_workbook.ts';
import { commitImport, createImport, loadImport, redoImport, reviveIfSilent, undoImport } from './imports.service.ts';
import type { Import } from './model.ts';
import { demandRoom } from './quota.ts';
import { receiveUpload } from './upload.ts';
import { readWishes } from './wishes.ts';

/** An import as programs see it. */
const present = (found: Import) => ({
  id: found.id,
  entity: found.entity,
  file_name: found.file_name,
  state: found.state,
  ...(found.error ? { error: found.error } : {}),
  rows: found.rows,
  created: found.created,
  updated: found.updated,
  unchanged: found.unchanged,
  skipped: found.skipped,
  failed: found.failed,
  review: found.review,
  created_at: found.created_at,
});

const allowed = may(IMPORT_RUN);
const id = (input: Input): string => input.params.id ?? '';

/** Begins a piece of work and says so. */
const begun =
  (begin: (ctx: Ctx, id: string) => Promise<void>, done: string): Handler =>
  async (ctx, input) => {
    await begin(ctx, id(input));
    return json({ data: present(await loadImport(ctx, id(input))), message: `The rows are being ${done}.` }, 202);
  };

/** The same path for programs: one request uploads, plans and, if wanted, commits. */
export const importApi = new Routes('api')
  .post(
    '/api/v1/imports',
    allowed,
    async (ctx, input) => {
      const entity = entry(input.body, 'entity');
      const wishes = await readWishes(ctx, entity, entry(input.body, 'options'));
      await demandRoom(ctx, input.file!, input.platform.config.import_quota);
      const found = await createImport(ctx, entity, input.file!, wishes);
      return json({ data: present(found), message: 'The file is being read.' }, 202, {
        Location: `/api/v1/imports/${found.id}`,
      });
    },
    { receive: receiveUpload, describes: UPLOAD },
  )
  .get(
    '/api/v1/imports/:id',
    allowed,
    async (ctx, input) => {
      const found = await loadImport(ctx, id(input));
      await reviveIfSilent(ctx, found);
      return json({ data: present(found) });
    },
    { describes: SHOW },
  )
  .get(
    '/api/v1/imports/:id/errors.xlsx',
    allowed,
    async (ctx, input) => errorWorkbook(ctx, input.platform.pools.app, await loadImport(ctx, id(input))),
    { describes: ERRORS },
  )
  .post(
    '/api/v1/imports/:id/commit',
    allowed,
    begun((ctx, one) => commitImport(ctx, one, null), 'imported'),
    {
      describes: COMMIT,
    },
  )
  .post('/api/v1/imports/:id/undo', allowed, begun(undoImport, 'taken back'), { describes: UNDO })
  .post('/api/v1/imports/:id/redo', allowed, begun(redoImport, 'brought back'), { describes: REDO });
