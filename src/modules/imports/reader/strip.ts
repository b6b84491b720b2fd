/** Prints the reader's code without its types as JSON `{ address: text }`; see code.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

const folder = new URL('.', import.meta.url);
const code: Record<string, string> = {};
for (const name of readdirSync(folder)) {
  if (!name.endsWith('.ts')) continue;
  const file = new URL(name, folder);
  code[file.href] = stripTypeScriptTypes(readFileSync(file, 'utf8'));
}
process.stdout.write(JSON.stringify(code));
