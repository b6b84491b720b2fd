// Loaded into every process of a test run (NODE_OPTIONS): writes each text of a statement that src/platform/postgres.ts sends into
// a file of this process, once, at once, so that being killed loses nothing. test/helpers/statements.ts reads them.
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A list of another length is the same statement. */
const LISTS = /\(\$\d+(?:, ?\$\d+)*\)(?:, ?\(\$\d+(?:, ?\$\d+)*\))*/g;

const seen = new Set();
const folder = path.join(tmpdir(), 'statements');

subscribe('rapport.statement', (message) => {
  const text = String(message);
  const key = text.replace(LISTS, '()');
  if (seen.has(key)) return;
  if (!seen.size) mkdirSync(folder, { recursive: true });
  seen.add(key);
  appendFileSync(path.join(folder, `${process.pid}.jsonl`), `${JSON.stringify({ key, text })}\n`);
});
