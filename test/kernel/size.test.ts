// The kernel stays small. Raising a number here needs a decision record that says what it buys.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { allEntities } from '../../src/kernel/entity.ts';
import { f } from '../../src/kernel/fields/index.ts';
import '../../src/modules/index.ts';

const MOST = { lines: 4_350, field_types: 15, definition_keys: 16 };

const KERNEL = path.resolve('src/kernel');

/** Lines that say something: no blanks, no comments, no imports. */
function codeLines(text: string): number {
  const code = text
    .replace(/^\s*\/\*[\s\S]*?\*\//gm, '')
    .replace(/^(import|export) (type )?[^;]*? from '[^']+';$/gm, '')
    .replace(/^import '[^']+';$/gm, '');
  return code.split('\n').filter((line) => line.trim() && !line.trim().startsWith('//')).length;
}

test('the lines of a file are counted without blanks, comments and imports', () => {
  const text = `import a from 'a';\nimport {\n  b,\n  type C,\n} from 'b';\n\n/** Says what. */\nexport const x = 1; // why\n  /* two\n  lines */\n// a comment\nfunction y() {\n  return 'http://not.a/comment';\n}\n`;
  expect(codeLines(text)).toBe(4);
});

test(`the kernel has at most ${MOST.lines} lines of code`, () => {
  const files = (readdirSync(KERNEL, { recursive: true }) as string[]).filter(
    (name) => name.endsWith('.ts') && !/^views\w*\.ts$/.test(name),
  );
  const counts = files.map((name) => [codeLines(readFileSync(path.join(KERNEL, name), 'utf8')), name] as const);
  const total = counts.reduce((sum, [lines]) => sum + lines, 0);
  const largest = counts.sort((a, b) => b[0] - a[0]).slice(0, 5);
  expect(total > MOST.lines ? `${total} lines; the largest are ${largest.join(', ')}` : 'small enough').toBe(
    'small enough',
  );
  // A limit far above what is there holds nothing.
  expect(total).toBeGreaterThan(MOST.lines - 400);
});

test(`there are at most ${MOST.field_types} field types and ${MOST.definition_keys} keys of a definition`, () => {
  expect(Object.keys(f).length).toBeLessThanOrEqual(MOST.field_types);
  const derived = ['field_names', 'tag_table', 'tag_field'];
  const keys = new Set(allEntities().flatMap((entity) => Object.keys(entity).filter((key) => !derived.includes(key))));
  expect([...keys].filter((key) => /^(hide|no|skip|disable)|Disabled$/i.test(key))).toEqual([]);
  expect(keys.size).toBeLessThanOrEqual(MOST.definition_keys);
});
