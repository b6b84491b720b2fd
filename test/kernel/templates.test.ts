import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lasting } from '#src/kernel/lasting.ts';
import { configureTemplates, escapeHtml, template, templateNames } from '#src/kernel/templates.ts';
import type { Cell, Views } from '#src/kernel/views.ts';

const VIEWS = path.join(import.meta.dirname, '../../views');
const CELL: Cell = { kind: 'text', text: '', title: '', href: '', tone: 'neutral', items: [] };

afterEach(() => configureTemplates({ dir: VIEWS, strict: true, cache: true }));

describe('escapeHtml', () => {
  test.each([
    ['plain', 'plain'],
    ['<b>', '&lt;b&gt;'],
    [`a & "b" 'c' \`d\``, 'a &amp; &quot;b&quot; &#39;c&#39; &#96;d&#96;'],
    ['&amp;', '&amp;amp;'],
    [0, '0'],
    [null, ''],
    [undefined, ''],
  ])('%p becomes %p', (value, expected) => expect(escapeHtml(value)).toBe(expected));
});

describe('template', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'views-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const render = (data: object) => template('a' as keyof Views)(data as never);
  const write = (name: string, text: string) => writeFileSync(path.join(dir, `${name}.ejs`), text);

  test('escapes values, leaves parts', () => {
    write('a', `<p title="<%= it.x %>"><%- part('b', { y: it.x }) %></p>`);
    write('b', '<i><%= it.y %></i>');
    configureTemplates({ dir, strict: false, cache: true });
    expect(render({ x: '<"' })).toBe('<p title="&lt;&quot;"><i>&lt;&quot;</i></p>');
  });

  test('strict: a name the data does not have is an error with view, line and name', () => {
    write('a', '<p>\n<% for (const row of it.rows) { %><%= row.nam %><% } %></p>');
    configureTemplates({ dir, strict: true, cache: true });
    expect(() => render({ rows: [{ name: 'x' }] })).toThrow(/views\/a\.ejs:2: a was not given "nam"/);
  });

  test('strict: the same holds inside parts, and parts name themselves', () => {
    write('a', `<%- part('b', it.row) %>`);
    write('b', '<%= it.missing %>');
    configureTemplates({ dir, strict: true, cache: true });
    expect(() => render({ row: {} })).toThrow(/views\/b\.ejs:1: b was not given "missing"/);
  });

  test.each([true, false])(
    'what lasts looks as each part shows it, and no part shows it as another did (strict: %p)',
    (strict) => {
      write('a', `<% for (const one of it.many) { %><%- part('b', one) %><%- part('c', one) %><% } %>`);
      write('b', '<i><%= it.y %></i>');
      write('c', '<b><%= it.y %></b>');
      configureTemplates({ dir, strict, cache: true });
      const [fixed, free] = [lasting({ y: '<' }), { y: '1' }];
      const many = [fixed, free, fixed];
      expect(render({ many })).toBe('<i>&lt;</i><b>&lt;</b><i>1</i><b>1</b><i>&lt;</i><b>&lt;</b>');
      free.y = '2';
      expect(render({ many })).toBe('<i>&lt;</i><b>&lt;</b><i>2</i><b>2</b><i>&lt;</i><b>&lt;</b>');
      expect(() => Object.assign(fixed, { y: '3' })).toThrow(TypeError);
      write('b', '<u><%= it.y %></u>');
      configureTemplates({ dir, strict, cache: true });
      expect(render({ many: [fixed] })).toBe('<u>&lt;</u><b>&lt;</b>');
    },
  );

  test('what lasts is asked for once only', () => {
    let asked = 0;
    const counting = {
      get y() {
        asked += 1;
        return 'x';
      },
    };
    write('a', `<%- part('b', it.one) %>`);
    write('b', '<%= it.y %>');
    configureTemplates({ dir, strict: false, cache: true });
    const one = lasting(counting);
    for (let i = 0; i < 3; i += 1) expect(render({ one })).toBe('x');
    expect(asked).toBe(1);
  });

  test('what is not there is nothing, with and without escaping', () => {
    write('a', '[<%= it.x %>|<%- it.x %>|<%- it.n %>]');
    configureTemplates({ dir, strict: false, cache: true });
    expect(render({ n: 0 })).toBe('[||0]');
    expect(render({ x: null, n: null })).toBe('[||]');
  });

  test('a part sees only what it is given', () => {
    write('a', `<%- part('b', { own: 1 }) %>`);
    write('b', '<%= typeof it.other %>');
    configureTemplates({ dir, strict: false, cache: true });
    expect(render({ other: 1 })).toBe('undefined');
  });

  test('a broken template stops the start', () => {
    write('a', '<% if (it.x) { %>');
    expect(() => configureTemplates({ dir, strict: false, cache: true })).toThrow();
  });

  test('without cache a changed file is compiled again; with cache it is not', () => {
    write('a', 'one');
    for (const [cache, expected] of [
      [false, 'two'],
      [true, 'one'],
    ] as const) {
      write('a', 'one');
      utimesSync(path.join(dir, 'a.ejs'), 1, 1);
      configureTemplates({ dir, strict: false, cache });
      expect(render({})).toBe('one');
      write('a', 'two');
      expect(render({})).toBe(expected);
    }
  });

  test.each(['missing', '../package'])('no template %s', (name) => {
    configureTemplates({ dir, strict: false, cache: false });
    expect(() => template(name as keyof Views)).toThrow(`No template ${name}`);
  });
});

describe('the templates of the product', () => {
  test('compile', () => {
    configureTemplates({ dir: VIEWS, strict: true, cache: true });
    configureTemplates({ dir: VIEWS, strict: false, cache: true });
    expect(templateNames().length).toBeGreaterThan(20);
  });

  test('a cell escapes text, title and items', () => {
    const evil = `"><script>alert('1')</script>`;
    for (const kind of ['text', 'link', 'badge', 'number', 'date', 'list', 'long'] as const) {
      const html = template('_field/cell')({ ...CELL, kind, text: evil, title: evil, items: [evil] });
      expect(html).not.toContain('<script');
      expect(html).toContain('&lt;script&gt;');
    }
  });

  const texts = templateNames(VIEWS).map(
    (name) => [name, readFileSync(path.join(VIEWS, `${name}.ejs`), 'utf8')] as const,
  );

  test.each(texts)('%s keeps the rules of templates', (name, text) => {
    const raw = (text.match(/<%-.*?%>/g) ?? []).filter((tag) => !/^<%- part\('[\w/]+', .*\) %>$/.test(tag));
    expect(raw).toEqual(name === '_layout' || name === '_bare' ? ['<%- it.body %>'] : []);
    expect(text.split('\n').length).toBeLessThanOrEqual(61);
    const html = text.replace(/<%[\s\S]*?%>/g, 'x');
    expect(html).not.toMatch(/<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|hx-on|javascript:|["']js:/i);
    expect(html).not.toMatch(/hx-trigger="[^"]*\[/);
    // Unquoted attributes let a value end them.
    expect(text).not.toMatch(/\s[\w:-]+=<%=/);
    // Values inside attributes that are code would not be safe by escaping alone.
    expect(text).not.toMatch(/hx-vals/);
  });

  test.each(texts)('%s has no logic beyond placing', (_name, text) => {
    const code = (text.match(/<%(?![-=])[\s\S]*?%>/g) ?? []).map((tag) => tag.slice(2, -2).trim());
    for (const line of code.filter((each) => !each.startsWith('#')))
      expect(line).toMatch(/^(\}|for \(|if \(|\} else \{$|\} else if \()/);
  });
});
