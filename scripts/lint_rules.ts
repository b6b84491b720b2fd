// The house rules that Biome cannot know. Each is one function over one file; docs/STYLE.md says why, with examples.
import path from 'node:path';

export interface SourceFile {
  /** From the project's root, with slashes. */
  path: string;
  text: string;
}

export interface Finding {
  line: number;
  /** What stands there and what to do instead. */
  message: string;
}

export interface Rule {
  name: string;
  /** Which files it speaks about. */
  covers(file: string): boolean;
  find(file: SourceFile): Finding[];
}

/** Files outside kernel and platform that may reach the unscoped database, each with its reason. */
const UNSCOPED_ALLOWED: Record<string, string> = {
  'src/main.ts': 'opens the connections and closes them at the end',
  'src/upkeep.ts': 'goes through all tenants, one after another, each through its own door',
  'src/modules/session/accounts.service.ts': 'who signs in is looked up before their tenant is known',
};
const MAX_TEMPLATE_LINES = 60;

const inFolders =
  (...folders: string[]) =>
  (file: string) =>
    folders.some((folder) => file.startsWith(`${folder}/`));
const isCode = (file: string) => /\.(ts|mjs|js)$/.test(file);
const isTemplate = (file: string) => file.endsWith('.ejs');

const scopedDoor: Rule = {
  name: 'scoped-door',
  covers: (file) =>
    isCode(file) &&
    inFolders('src')(file) &&
    !inFolders('src/kernel', 'src/platform')(file) &&
    !(file in UNSCOPED_ALLOWED),
  find: (file) =>
    importsOf(file)
      .filter(({ to }) => to === 'knex' || /(^|\/)system_db(\.ts)?$/.test(to))
      .map(({ line, to }) => ({ line, message: `${to} sees all tenants; use ctx.db, which sees one` })),
};

const environment: Rule = {
  name: 'environment',
  covers: (file) => isCode(file) && inFolders('src', 'seeds')(file) && file !== 'src/config.ts',
  find: (file) => matches(code(file), /\bprocess\.env\b/g, () => 'read it in src/config.ts and pass the value on'),
};

/** From below to above; a file imports its own level and those below it. */
const LEVELS = [
  'src/config.ts',
  'src/platform/',
  'src/kernel/',
  'src/modules/',
  'src/app.ts',
  'src/upkeep.ts',
  'src/main.ts',
];
const levelOf = (file: string) => LEVELS.findIndex((level) => file === level || file.startsWith(level));

const direction: Rule = {
  name: 'direction',
  covers: (file) => isCode(file) && inFolders('src')(file),
  find: (file) => {
    const own = levelOf(file.path);
    if (own === -1) return [{ line: 1, message: `has no level: it belongs below one of ${LEVELS.slice(1).join(' ')}` }];
    return localImports(file).flatMap(({ line, to }) => {
      const level = levelOf(to);
      if (level === -1) return [{ line, message: `${to} is outside src, which stands on its own` }];
      return level > own ? [{ line, message: `${to} is above: main -> app -> modules -> kernel -> platform` }] : [];
    });
  },
};

const moduleOf = (file: string) => /^src\/modules\/([^/]+)\//.exec(file)?.[1];
const PUBLIC_OF_MODULE = /(\.service|\.entity|\/index)\.ts$/;

const moduleDoor: Rule = {
  name: 'module-door',
  covers: (file) => moduleOf(file) !== undefined && isCode(file),
  find: (file) =>
    localImports(file)
      .filter(({ to }) => to.startsWith('src/modules/') && moduleOf(to) !== moduleOf(file.path))
      .filter(({ to }) => moduleOf(to) === undefined || !PUBLIC_OF_MODULE.test(to))
      .map(({ line, to }) => ({ line, message: `${to} is another module's own: call its service` })),
};

const lonelyMigrations: Rule = {
  name: 'lonely-migrations',
  covers: (file) => isCode(file) && inFolders('migrations')(file),
  find: (file) =>
    localImports(file)
      .filter(({ to }) => !to.startsWith('migrations/'))
      .map(({ line, to }) => ({
        line,
        message: `${to} will change, what this migration did must not: copy what it needs`,
      })),
};

const tenantSetting: Rule = {
  name: 'tenant-setting',
  covers: (file) =>
    isCode(file) && inFolders('src', 'migrations', 'seeds', 'scripts', 'bench')(file) && !isRulebook(file),
  find: (file) => {
    const message = () => "outlives its transaction and meets the next tenant: set_config('app.tenant_id', …, true)";
    const text = code(file);
    return [
      ...matches(text, /set_config\s*\([^()]*,\s*false\s*\)/gi, message),
      ...matches(text, /\bset\s+(session\s+)?app\.\w+/gi, message),
    ];
  },
};

const outbound: Rule = {
  name: 'outbound',
  covers: (file) => isCode(file) && inFolders('src')(file) && file !== 'src/platform/outbound.ts',
  find: (file) => {
    const message = () => 'may be sent to an inside address: use src/platform/outbound.ts, which refuses those';
    const text = code(file);
    return [
      ...matches(text, /(?<![.\w])fetch\s*\(/g, message),
      ...matches(text, /\bhttps?\.(request|get)\s*\(/g, message),
      ...matches(text, /\bfrom\s+['"](undici|axios|got|node-fetch)['"]/g, message),
    ];
  },
};

const everyTestRuns: Rule = {
  name: 'every-test-runs',
  covers: (file) => isCode(file) && inFolders('test')(file),
  find: (file) => {
    const message = () => 'a skipped or focused test proves nothing: mend it or remove it';
    const text = code(file);
    return [
      ...matches(text, /\b(it|test|describe)(\.each|\.concurrent)?\.(skip|only|todo|failing)\b/g, message),
      ...matches(text, /(?<![.\w])(x|f)(it|test|describe)\s*\(/g, message),
    ];
  },
};

const workbookReader: Rule = {
  name: 'workbook-reader',
  covers: (file) => isCode(file) && inFolders('src', 'seeds', 'bench')(file),
  find: (file) =>
    matches(code(file), /\.xlsx\s*\.\s*(load|readFile|read)\s*\(/g, () => {
      return 'a file of 1 KB can end the process in there: use the reader of the imports, in its child process';
    }),
};

const NAME = '[A-Za-z_]\\w*';
const VALUE = `${NAME}(?:\\.${NAME})*`;
const TEST = `!?${VALUE}(?: [!=]== (?:'[^']*'|\\d+|true|false|null))?`;
const LOOP = new RegExp(`^for \\(const (${NAME}|\\[${NAME}, ${NAME}\\]) of (${VALUE})(?:\\.entries\\(\\))?\\) \\{$`);
const TESTS = `${TEST}(?: (?:\\|\\||&&) ${TEST})*`;
const CONTROL = new RegExp(`^(?:\\}|\\} else \\{|(?:\\} else )?if \\(${TESTS}\\) \\{)$`);

const templateTags: Rule = {
  name: 'template-tags',
  covers: isTemplate,
  find: (file) => {
    const known = new Set(['it']);
    const isKnown = (value: string) => known.has(value.split('.')[0] ?? '');
    return tagsOf(file.text).flatMap(({ line, kind, inside }) => {
      const say = (message: string) => [{ line, message }];
      if (kind === '#') return [];
      if (kind === '=') {
        const plain = new RegExp(`^${VALUE}$`).test(inside) && isKnown(inside);
        return plain ? [] : say(`<%= ${inside} %> works something out: the presenter does that, here stands it.value`);
      }
      if (kind === '-') {
        return /^(part\(.*\)|body|it\.body)$/s.test(inside)
          ? []
          : say(`<%- ${inside} %> is not escaped: only part() and body are`);
      }
      const loop = LOOP.exec(inside);
      if (loop) for (const name of loop[1]?.match(/\w+/g) ?? []) known.add(name);
      if (loop ? isKnown(loop[2] ?? '') : CONTROL.test(inside)) return [];
      return say(`<% ${inside} %> is logic: a template knows for (const x of it.list) and if (it.flag)`);
    });
  },
};

const templateInline: Rule = {
  name: 'template-inline',
  covers: isTemplate,
  find: ({ text }) => {
    const message = (found: string) =>
      `${found.trim()} is stopped by the content security policy: see public/app.js and app.css`;
    const markup = text.replaceAll(/<%.*?%>/gs, (tag) => tag.replaceAll(/[^\n]/g, '_')); // attributes may hold tags with >
    return [
      ...matches(markup, /<script(?![^>]*\ssrc=)(?![^>]*type="application\/json")[^>]*>/gi, message),
      ...matches(markup, /<style\b|\sstyle\s*=/gi, message),
      ...matches(markup, /\son[a-z]+\s*=|\b(?:data-)?hx-on\b|\bjs:|\bjavascript:/gi, message),
    ];
  },
};

const templateLength: Rule = {
  name: 'template-length',
  covers: isTemplate,
  find: ({ text }) => {
    const lines = text.trimEnd().split('\n').length;
    if (lines <= MAX_TEMPLATE_LINES) return [];
    return [
      { line: MAX_TEMPLATE_LINES + 1, message: `${lines} lines, at most ${MAX_TEMPLATE_LINES}: take a part out` },
    ];
  },
};

export const RULES: Rule[] = [
  scopedDoor,
  environment,
  direction,
  moduleDoor,
  lonelyMigrations,
  tenantSetting,
  outbound,
  everyTestRuns,
  workbookReader,
  templateTags,
  templateInline,
  templateLength,
];

/** What the house rules say about one file, a line each: `path:line rule: message (docs/STYLE.md)`. */
export function lint(file: SourceFile): string[] {
  return RULES.filter((rule) => rule.covers(file.path)).flatMap((rule) =>
    rule.find(file).map(({ line, message }) => `${file.path}:${line} ${rule.name}: ${message} (docs/STYLE.md)`),
  );
}

/** This file speaks of what it forbids. */
function isRulebook(file: string): boolean {
  return file === 'scripts/lint_rules.ts';
}

function matches(text: string, pattern: RegExp, message: (found: string) => string): Finding[] {
  return [...text.matchAll(pattern)].map((match) => ({ line: lineAt(text, match.index), message: message(match[0]) }));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The file with its comments blanked, so that prose may name what code may not do. Lines stay where they are. */
function code(file: SourceFile): string {
  const stringOrComment = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*.*?\*\//gs;
  return file.text.replaceAll(stringOrComment, (all, text?: string) => text ?? all.replaceAll(/[^\n]/g, ' '));
}

/** Everything a file imports, also by `export … from` and `import()`; local ones as paths from the root. */
function importsOf(file: SourceFile): { line: number; to: string }[] {
  const text = code(file);
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"\n]+)\1/g)].map((match) => {
    const name = match[2] ?? '';
    const to = name.startsWith('.')
      ? path.posix.join(path.posix.dirname(file.path), name)
      : name.replace(/^#src\//, 'src/');
    return { line: lineAt(text, match.index), to };
  });
}

function localImports(file: SourceFile): { line: number; to: string }[] {
  const isLocal = ({ to }: { to: string }) =>
    /\.(ts|mjs|js|json)$/.test(to) && /^(src|scripts|seeds|test|bench|migrations|views|public)\/|^[^/]+$/.test(to);
  return importsOf(file).filter(isLocal);
}

function tagsOf(text: string): { line: number; kind: string; inside: string }[] {
  return [...text.matchAll(/<%([-=#_]?)(.*?)[-_]?%>/gs)].map((match) => ({
    line: lineAt(text, match.index),
    kind: match[1] === '_' ? '' : (match[1] ?? ''),
    inside: (match[2] ?? '').trim(),
  }));
}
