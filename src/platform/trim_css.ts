/**
 * Leaves out of a style sheet what our pages never name. Tabler is 635 kB and we use a tenth; a build step would have to
 * be run and remembered, this takes some 50 ms when the process starts and cannot go stale.
 */

interface Rule {
  /** Selector list, or the at-rule with its condition. */
  head: string;
  /** Declarations of a style rule (or of @font-face and the like). */
  body: string;
  /** Rules inside @media, @supports and the like. */
  rules: Rule[] | null;
}

const NESTING = /^@(media|supports|container|layer)\b/;

/**
 * Keeps the rules whose every class is in `used`, then the custom properties and keyframes that kept rules or `ours`
 * (the style sheet that comes after) refer to. The same input always gives the same text.
 */
export function trimCss(css: string, used: ReadonlySet<string>, ours: string): string {
  const kept = keepUsed(parse(css.replace(/\/\*[\s\S]*?\*\//g, ''), 0).rules, used);
  const text = print(kept, () => true);
  const properties = liveProperties(text, ours);
  const animations = [...`${text}${ours}`.matchAll(/animation(?:-name)?:([^;}]*)/g)];
  const names = new Set(animations.flatMap((match) => (match[1] as string).split(/[\s,]+/)));
  return print(kept, (name) => properties.has(name), names);
}

/** Class names in templates: the words of every class attribute, with the template's own code taken out. */
export function classesInTemplate(text: string): string[] {
  const attributes = text.replace(/<%[\s\S]*?%>/g, ' ').match(/class="[^"]*"/g) ?? [];
  return attributes.flatMap((attribute) => attribute.slice(7, -1).split(/\s+/)).filter(Boolean);
}

function parse(css: string, start: number): { rules: Rule[]; end: number } {
  const rules: Rule[] = [];
  let from = start;
  for (let at = start; at < css.length; at++) {
    const character = css[at];
    if (character === '"' || character === "'") at = closing(css, at, character);
    else if (character === '(') at = closing(css, at, ')');
    else if (character === '\\') at++;
    else if (character === ';') from = at + 1;
    else if (character === '}') return { rules, end: at };
    else if (character === '{') {
      const head = css.slice(from, at).trim();
      if (NESTING.test(head)) {
        const inner = parse(css, at + 1);
        rules.push({ head, body: '', rules: inner.rules });
        at = inner.end;
      } else {
        const end = closing(css, at, '}');
        rules.push({ head, body: css.slice(at + 1, end), rules: null });
        at = end;
      }
      from = at + 1;
    }
  }
  return { rules, end: css.length };
}

/** Where the bracket or quote that opens at `at` is closed again. */
function closing(css: string, at: number, close: string): number {
  const open = css[at];
  let depth = 0;
  for (let i = at + 1; i < css.length; i++) {
    const character = css[i];
    if (character === '\\') i++;
    else if (character === close && depth-- === 0) return i;
    else if (open === close) continue;
    else if (character === open) depth++;
    else if (character === '"' || character === "'") i = closing(css, i, character);
  }
  return css.length;
}

function keepUsed(rules: Rule[], used: ReadonlySet<string>): Rule[] {
  const kept: Rule[] = [];
  for (const rule of rules) {
    if (rule.rules) {
      const inner = keepUsed(rule.rules, used);
      if (inner.length) kept.push({ ...rule, rules: inner });
    } else if (rule.head.startsWith('@')) {
      kept.push(rule);
    } else {
      const head = splitList(rule.head).filter((selector) => isUsed(selector, used));
      if (head.length) kept.push({ ...rule, head: head.join() });
    }
  }
  return kept;
}

/** Splits at commas that are not inside brackets. */
function splitList(text: string): string[] {
  return text.match(/(?:\\.|\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]|[^,])+/g) ?? [];
}

function isUsed(selector: string, used: ReadonlySet<string>): boolean {
  const positive = selector.replace(/:not\((?:[^()]|\([^()]*\))*\)/g, '').replace(/\[[^\]]*\]/g, '');
  for (const match of positive.matchAll(/\.((?:\\.|[\w-])+)/g)) {
    if (!used.has((match[1] as string).replaceAll('\\', ''))) return false;
  }
  return true;
}

/** Custom properties reached from rules that are not themselves custom properties nobody reads. */
function liveProperties(text: string, ours: string): Set<string> {
  const refersTo = new Map<string, string[]>();
  for (const [, name, value] of text.matchAll(/(--[\w-]+):((?:[^;{}()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*)/g)) {
    refersTo.set(name as string, [...(refersTo.get(name as string) ?? []), ...references(value as string)]);
  }
  const plain = text.replace(/--[\w-]+:(?:[^;{}()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*/g, '');
  const live = new Set<string>();
  const queue = [...references(plain), ...references(ours)];
  for (let name = queue.pop(); name; name = queue.pop()) {
    if (live.has(name)) continue;
    live.add(name);
    queue.push(...(refersTo.get(name) ?? []));
  }
  return live;
}

function references(value: string): string[] {
  return [...value.matchAll(/var\(\s*(--[\w-]+)/g)].map((match) => match[1] as string);
}

function print(rules: Rule[], live: (property: string) => boolean, animations?: Set<string>): string {
  let text = '';
  for (const rule of rules) {
    if (animations && rule.head.startsWith('@keyframes') && !animations.has(rule.head.slice(11).trim())) continue;
    const inner = rule.rules ? print(rule.rules, live, animations) : printBody(rule.body, live);
    if (inner) text += `${rule.head}{${inner}}`;
  }
  return text;
}

function printBody(body: string, live: (property: string) => boolean): string {
  if (!body.includes('--')) return body;
  return body
    .split(/;(?=[\w-]+:)/)
    .filter((declaration) => {
      const name = /^\s*(--[\w-]+):/.exec(declaration)?.[1];
      return name === undefined || live(name);
    })
    .join(';');
}
