import { z } from 'zod';
import { may } from '#src/kernel/access.ts';
import { invalid } from '#src/kernel/errors.ts';
import { entry, type Input, json, Routes } from '#src/kernel/routes.ts';
import { IMPORT_RUN } from './access.ts';
import { commitImport, createImport, loadImport, redoImport, reviveIfSilent, undoImport } from './imports.service.ts';
import type { Import, Wishes } from './model.ts';
import { demandRoom } from './quota.ts';
import { MATCH_KEYS } from './targets.ts';
import { receiveUpload } from './upload.ts';

/** What a program may say about its file, in the form's field `options`. */
export const ImportOptions = z.strictObject({
  sheet: z.union([z.string().max(100), z.int().min(0)]).optional(),
  header_row: z.int().min(0).max(1_000_000).optional(),
  mapping: z.record(z.string().max(200), z.string().max(100)).optional(),
  mode: z.enum(['create', 'update', 'both']).optional(),
  match: z.array(z.enum(MATCH_KEYS)).max(MATCH_KEYS.length).optional(),
  blank: z.enum(['keep', 'clear']).optional(),
  commit: z.boolean().optional(),
});

function readOptions(text: string): Wishes {
  let given: unknown;
  try {
    given = text ? JSON.parse(text) : {};
  } catch {
    throw invalid({ options: 'Send options as a JSON object.' });
  }
  const read = ImportOptions.safeParse(given);
  if (!read.success)
    throw invalid(Object.fromEntries(read.error.issues.map((i) => [['options', ...i.path].join('.'), i.message])));
  const { sheet, header_row, mapping, commit, mode, match, blank } = read.data;
  const choices = Object.fromEntries(Object.entries({ mode, match, blank }).filter(([, v]) => v !== undefined));
  return { sheet, header_row, mapping, commit, choices };
}

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

/** The same path for programs: one request uploads, plans and, if wanted, commits. */
export const importApi = new Routes('api')
  .post(
    '/api/v1/imports',
    allowed,
    async (ctx, input) => {
      const wishes = readOptions(entry(input.body, 'options'));
      await demandRoom(ctx, input.file!, input.platform.config.import_quota);
      const found = await createImport(ctx, entry(input.body, 'entity'), input.file!, wishes);
      return json({ data: present(found), message: 'The file is being read.' }, 202, {
        Location: `/api/v1/imports/${found.id}`,
      });
    },
    { receive: receiveUpload },
  )
  .get('/api/v1/imports/:id', allowed, async (ctx, input) => {
    const found = await loadImport(ctx, id(input));
    await reviveIfSilent(ctx, found);
    return json({ data: present(found) });
  })
  .post('/api/v1/imports/:id/commit', allowed, async (ctx, input) => {
    await commitImport(ctx, id(input), null);
    return json({ data: present(await loadImport(ctx, id(input))), message: 'The rows are being imported.' }, 202);
  })
  .post('/api/v1/imports/:id/undo', allowed, async (ctx, input) => {
    await undoImport(ctx, id(input));
    return json({ data: present(await loadImport(ctx, id(input))), message: 'The import is being undone.' }, 202);
  })
  .post('/api/v1/imports/:id/redo', allowed, async (ctx, input) => {
    await redoImport(ctx, id(input));
    return json({ data: present(await loadImport(ctx, id(input))), message: 'The rows are being written again.' }, 202);
  });
