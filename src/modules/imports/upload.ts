import busboy from 'busboy';
import { AppError, badRequest, invalid } from '#src/kernel/errors.ts';
import { cut } from '#src/kernel/fields/field.ts';
import type { Body, Input, Received } from '#src/kernel/routes.ts';
import { FileTooLarge, keepFile, removeFile, type StoredFile } from '#src/platform/files.ts';

/** What a form around a file may carry besides it. */
const LIMITS = { files: 1, fields: 20, fieldSize: 200_000, fieldNameSize: 100, parts: 25, headerPairs: 50 };

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters and those that turn the reading direction
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A file's name as it may be shown: without folders, control characters and direction marks. */
export function cleanName(raw: string): string {
  const name = raw.toWellFormed().normalize('NFC').replace(UNSEEN, '').split(/[/\\]/).at(-1)!.trim();
  return cut(name === '.' || name === '..' ? '' : name, 200).trim() || 'Unnamed file';
}

const tooLarge = (most: number) =>
  new AppError(
    413,
    `This file is larger than ${Math.floor(most / 1024 / 1024)} MB. Split it into smaller files and upload them one by one.`,
  );

/** Reads a form with one file, `file`, and keeps that file. The token (`_csrf`) must stand before it. @throws 400, 403, 413, 422 */
export function receiveUpload(input: Input, allow: (token: unknown) => void): Promise<Received> {
  const { request, platform } = input;
  const { data_dir, upload_bytes } = platform.config;
  const body: Body = Object.create(null);
  if (!/^multipart\/form-data\s*;/i.test(request.headers['content-type'] ?? ''))
    throw badRequest('Send the file as a form (multipart/form-data) with the fields "entity" and "file".');
  // The form around the file takes a little; what is far too large is refused before a byte of it is read.
  if (Number(request.headers['content-length'] ?? 0) > upload_bytes + 1024 * 1024) throw tooLarge(upload_bytes);

  return new Promise((resolve, reject) => {
    let kept: Promise<{ name: string; stored: StoredFile } | null> = Promise.resolve(null);
    let refusal: Error | null = null;
    const parser = busboy({
      headers: request.headers,
      defParamCharset: 'utf8',
      limits: { ...LIMITS, fileSize: upload_bytes + 1 },
    });
    /** Stops reading; the file cut off in the middle is removed by keepFile. */
    const refuse = (error: Error) => {
      if (refusal) return;
      refusal = error;
      request.unpipe(parser);
      parser.destroy(error);
      request.resume();
      void settle();
    };
    const settle = async () => {
      const file = await kept.catch((error: Error) => {
        refusal ??= error instanceof FileTooLarge ? tooLarge(upload_bytes) : error;
        return null;
      });
      const discard = async () => {
        if (file) await removeFile(data_dir, file.stored.key);
      };
      if (!refusal && file) return resolve({ body, file: { ...file.stored, name: file.name }, discard });
      await discard();
      reject(refusal ?? invalid({ file: 'Choose a file first.' }, 'There is no file in this form.'));
    };
    parser.on('field', (name, value, info) => {
      if (info.nameTruncated || info.valueTruncated) return refuse(badRequest('A field of the form is too long.'));
      if (Object.hasOwn(body, name)) return refuse(badRequest(`The form says "${name.slice(0, 40)}" more than once.`));
      body[name] = value;
    });
    parser.on('file', (field, content, info) => {
      content.on('error', () => {}); // told by keepFile, or of no interest any more
      try {
        if (refusal || field !== 'file')
          throw refusal ?? badRequest('The form has a file in a field other than "file".');
        allow(body._csrf);
      } catch (error) {
        content.resume();
        return refuse(error as Error);
      }
      // A browser sends an empty part without a name when no file was chosen.
      if (!info.filename) return void content.resume();
      const name = cleanName(info.filename);
      kept = keepFile(data_dir, content, upload_bytes).then((stored) => ({ name, stored }));
      kept.catch((error: Error) => refuse(error instanceof FileTooLarge ? tooLarge(upload_bytes) : error));
    });
    for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
      parser.on(limit, () => refuse(badRequest('The form has more parts than it needs: one file at a time.')));
    parser.on('error', () => refuse(badRequest('The upload could not be read. Try again.')));
    parser.on('close', () => void (refusal || settle()));
    const cut = () => refuse(badRequest('The upload was cut off. Try again.'));
    request.on('aborted', cut);
    request.on('error', cut);
    request.pipe(parser);
  });
}
