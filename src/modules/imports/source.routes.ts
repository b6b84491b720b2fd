import { may } from '#src/kernel/access.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { AppError, invalid } from '#src/kernel/errors.ts';
import { one } from '#src/kernel/list_query.ts';
import { entry, type Input, page, type Reply, Routes, redirect, wholeNumber } from '#src/kernel/routes.ts';
import { IMPORT_RUN } from './access.ts';
import { isText, previewText } from './file_reading.ts';
import { chooseSource, loadImport, refuseSettled, startFromGuess } from './imports.service.ts';
import { importHead } from './imports.view.ts';
import type { Import } from './model.ts';
import { type CsvOptions, readCsvOptions } from './reader/csv_options.ts';
import { ReadError } from './reader/run.ts';
import { type ReadingChoice, readingView } from './reading.view.ts';

const allowed = may(IMPORT_RUN);
const id = (input: Input): string => input.params.id ?? '';

/** What a form or an address says about how the file is to be read; '' leaves it to be found. @throws 400, 422 */
function readChoice(get: (name: string) => string): ReadingChoice {
  const [sheet, header] = [get('sheet'), get('header_row')];
  return {
    sheet: sheet ? wholeNumber(sheet, 'the sheet') : null,
    header_row: header ? wholeNumber(header, 'the header row') : null,
    csv: readDialect({ encoding: get('encoding'), delimiter: get('delimiter'), quote: get('quote') }),
  };
}

function readDialect(given: Record<string, string>): CsvOptions {
  try {
    return readCsvOptions(given);
  } catch (error) {
    if (error instanceof ReadError) throw invalid({ reading: 'Choose character set and separators from the lists.' });
    throw error;
  }
}

/** Aborts when whoever asks has gone. */
function whenGone({ request }: Input): { signal: AbortSignal; settled: () => void } {
  const gone = new AbortController();
  const leave = () => gone.abort();
  request.socket.once('close', leave);
  if (request.socket.destroyed) leave();
  return { signal: gone.signal, settled: () => request.socket.off('close', leave) };
}

/** The first rows as they come out when the file is read in another way; nothing is kept. */
async function previewPage(ctx: Ctx, input: Input): Promise<Reply> {
  const found = await loadImport(ctx, id(input));
  refuseSettled(found);
  const choice = readChoice((name) => one(input.query, name));
  if (choice.sheet !== null && !found.sheets.some(({ index }) => index === choice.sheet))
    throw invalid({ sheet: 'Choose one of the sheets of the file.' });
  // The first rows of a workbook are known; only text can be read in several ways.
  if (!isText(found)) return shown(ctx, found, { choice, look: null, error: '' });
  const { signal, settled } = whenGone(input);
  try {
    const look = await previewText(input.platform.config, found, choice.csv, signal);
    return shown(ctx, found, { choice, look, error: '' });
  } catch (error) {
    if (!(error instanceof AppError) || !error.details.preview) throw error;
    return shown(ctx, found, { choice, look: null, error: error.details.preview });
  } finally {
    settled();
  }
}

function shown(ctx: Ctx, found: Import, seen: NonNullable<Parameters<typeof readingView>[3]>): Reply {
  const reading = readingView(ctx, found, 'How the file is read', seen);
  if (!reading) throw invalid({ file: 'This file leaves nothing to choose.' });
  const view = { head: importHead(found), reading, back_href: `/imports/${found.id}?step=columns` };
  const fragments = { preview: { view: '_import/first_rows' as const, data: reading.first_rows } };
  return page('imports/preview', view, `Preview of ${found.file_name}`, { status: seen.error ? 422 : 200, fragments });
}

/** How a file is read, and what its columns looked like at first. */
export const sourceRoutes = new Routes()
  .get('/imports/:id/preview', allowed, previewPage)
  .post('/imports/:id/source', allowed, async (ctx, input) => {
    await loadImport(ctx, id(input));
    await chooseSource(
      ctx,
      id(input),
      readChoice((name) => entry(input.body, name)),
    );
    return redirect(`/imports/${id(input)}`);
  })
  .post('/imports/:id/guess', allowed, async (ctx, input) => {
    await startFromGuess(ctx, id(input));
    return redirect(`/imports/${id(input)}`, { text: 'The columns are matched by their names and values.' });
  });
