// `npm run lint`: Biome for the language, then the house rules of lint_rules.ts. Exits with 1 if either has something to say.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { lint, RULES } from './lint_rules.ts';

const ROOT = path.dirname(import.meta.dirname);
const FOLDERS = ['src', 'views', 'migrations', 'seeds', 'scripts', 'test', 'bench'];

const biome = spawnSync(path.join(ROOT, 'node_modules', '.bin', 'biome'), ['check', '.'], {
  cwd: ROOT,
  stdio: 'inherit',
});
const files = FOLDERS.flatMap((folder) => filesBelow(folder)).filter((file) => /\.(ts|mjs|js|ejs)$/.test(file));
const findings = files.flatMap((file) => lint({ path: file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
for (const finding of findings) console.error(finding);
console.log(`${files.length} files, ${RULES.length} house rules, ${findings.length} findings`);
process.exit(biome.status === 0 && findings.length === 0 ? 0 : 1);

function filesBelow(folder: string): string[] {
  if (!existsSync(path.join(ROOT, folder))) return [];
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
}
