import { lint, RULES } from '../../scripts/lint_rules.ts';

/** Each rule with what it must find and what it must let pass: [path, text]. */
const CASES: Record<string, { bad: [string, string][]; good: [string, string][] }> = {
  'scoped-door': {
    bad: [
      ['src/modules/leads/lead.service.ts', "import knex from 'knex';"],
      ['src/modules/leads/lead.service.ts', "import type { Knex } from 'knex';"],
      ['src/app.ts', "import { systemDb } from './kernel/system_db.ts';"],
      ['src/modules/leads/lead.routes.ts', "const { systemDb } = await import('#src/kernel/system_db.ts');"],
      ['src/modules/leads/lead.routes.ts', "export * from '../../kernel/system_db.ts';"],
    ],
    good: [
      ['src/kernel/tenant_db.ts', "import knex from 'knex';"],
      ['migrations/0001_a.ts', "import type { Knex } from 'knex';"],
      ['src/main.ts', "import { systemDb } from './kernel/system_db.ts';"],
      ['src/modules/leads/lead.service.ts', "// never import 'knex' here\nimport { x } from '#src/kernel/crud.ts';"],
    ],
  },
  environment: {
    bad: [
      ['src/kernel/errors.ts', "const dev = process.env.NODE_ENV === 'dev';"],
      ['src/main.ts', 'start(process.env);'],
      ['seeds/index.ts', 'process.env.DEMO_PASSWORD'],
    ],
    good: [
      ['src/config.ts', 'process.env.PORT'],
      ['scripts/demo.ts', 'process.env.PORT'],
      ['src/kernel/errors.ts', '/* not process.env */'],
    ],
  },
  direction: {
    bad: [
      ['src/platform/redis.ts', "import { ctx } from '../kernel/context.ts';"],
      ['src/kernel/crud.ts', "import { lead } from '#src/modules/leads/lead.entity.ts';"],
      ['src/modules/leads/lead.routes.ts', "import { app } from '../../app.ts';"],
      ['src/config.ts', "import { log } from './platform/log.ts';"],
      ['src/main.ts', "import { migrate } from '../scripts/migrate.ts';"],
      ['src/stray.ts', ''],
    ],
    good: [
      ['src/main.ts', "import { app } from './app.ts'; import { readConfig } from './config.ts';"],
      ['src/modules/index.ts', "import { lead } from './leads/index.ts';"],
      ['src/kernel/crud.ts', "import pg from '../platform/postgres.ts'; import express from 'express';"],
      ['src/platform/redis.ts', "import type { Config } from '../config.ts';"],
    ],
  },
  'module-door': {
    bad: [
      ['src/modules/leads/lead.service.ts', "import { x } from '../customers/customer.routes.ts';"],
      ['src/modules/leads/lead.service.ts', "import { x } from '#src/modules/customers/customer.view.ts';"],
      ['src/modules/leads/lead.service.ts', "import { modules } from '../index.ts';"],
    ],
    good: [
      ['src/modules/leads/lead.service.ts', "import { x } from '../customers/customer.service.ts';"],
      ['src/modules/leads/lead.service.ts', "import { x } from '../customers/customer.entity.ts';"],
      ['src/modules/leads/lead.service.ts', "import { x } from '../customers/index.ts';"],
      ['src/modules/imports/reader/xlsx.ts', "import { x } from '../limits.ts';"],
      ['src/modules/index.ts', "import { x } from './leads/lead.routes.ts';"],
    ],
  },
  'lonely-migrations': {
    bad: [
      ['migrations/0001_a.ts', "import { LEAD_STATUSES } from '../src/modules/leads/lead.entity.ts';"],
      ['migrations/0001_a.ts', "import { x } from '#src/kernel/entity.ts';"],
    ],
    good: [['migrations/0001_a.ts', "import type { Knex } from 'knex'; import { x } from './columns.ts';"]],
  },
  'tenant-setting': {
    bad: [
      ['src/kernel/tenant_db.ts', "raw(`select set_config('app.tenant_id', ?, false)`)"],
      ['src/kernel/tenant_db.ts', "raw(`SET app.tenant_id = '1'`)"],
      ['seeds/index.ts', "raw(`set session app.tenant_id = '1'`)"],
    ],
    good: [
      ['src/kernel/tenant_db.ts', "raw(`select set_config('app.tenant_id', ?, true)`)"],
      ['src/kernel/tenant_db.ts', '// never SET app.tenant_id'],
    ],
  },
  outbound: {
    bad: [
      ['src/modules/hooks/hook.service.ts', 'await fetch(url)'],
      ['src/platform/mail.ts', 'https.request(url)'],
      ['src/kernel/x.ts', 'http.get(url)'],
      ['src/kernel/x.ts', "import { request } from 'undici';"],
    ],
    good: [
      ['src/platform/outbound.ts', 'await fetch(url)'],
      ['src/kernel/x.ts', 'await records.fetch(id); prefetch(id); app.get(url)'],
      ['test/kernel/x.test.ts', 'await fetch(url)'],
    ],
  },
  // In pieces, or these lines themselves would be found.
  'every-test-runs': {
    bad: [
      ['test/a.test.ts', `test${'.'}only('x')`],
      ['test/a.test.ts', `test${'.'}skip('x')`],
      ['test/a.test.ts', `test${'.'}todo('x')`],
      ['test/a.test.ts', `x${'it'}('x')`],
      ['test/a.test.ts', `f${'describe'}('x')`],
      ['test/a.test.ts', `describe.each([1])('x', () => { it.each${'.'}skip })`],
    ],
    good: [['test/a.test.ts', "test('only this', () => { regexit('x'); test.each([1])('x'); });"]],
  },
  'workbook-reader': {
    bad: [
      ['src/modules/imports/read.ts', 'await workbook.xlsx.load(buffer)'],
      ['src/modules/imports/read.ts', 'await workbook.xlsx\n  .readFile(name)'],
    ],
    good: [
      ['src/modules/exports/write.ts', 'await workbook.xlsx.writeFile(name)'],
      ['test/imports.test.ts', 'await workbook.xlsx.load(buffer)'],
    ],
  },
  'template-tags': {
    bad: [
      ['views/a.ejs', '<%= it.date.toLocaleString() %>'],
      ['views/a.ejs', '<%= it.a + it.b %>'],
      ['views/a.ejs', "<%= it.done ? 'yes' : 'no' %>"],
      ['views/a.ejs', '<%= stranger.name %>'],
      ['views/a.ejs', '<%- it.html %>'],
      ['views/a.ejs', "<%- include('other') %>"],
      ['views/a.ejs', '<% const x = 1 %>'],
      ['views/a.ejs', '<% if (can(it.user)) { %>x<% } %>'],
      ['views/a.ejs', '<% it.rows.forEach((row) => { %>'],
    ],
    good: [
      ['views/a.ejs', '<% for (const row of it.rows) { %><%= row.name %><% } %>'],
      ['views/a.ejs', '<% for (const [index, form] of it.forms.entries()) { %><%= index %><%= form.id %><% } %>'],
      ['views/a.ejs', "<% if (!it.a) { %><% } else if (it.kind === 'x' || it.kind === 'y') { %><% } else { %><% } %>"],
      ['views/a.ejs', "<%- part('_part/nav', it) %><%- body %><%- it.body %><%# a remark %>"],
    ],
  },
  'template-inline': {
    bad: [
      ['views/a.ejs', '<script>alert(1)</script>'],
      ['views/a.ejs', '<script nonce="<%= it.nonce %>">alert(1)</script>'],
      ['views/a.ejs', '<style>a{}</style>'],
      ['views/a.ejs', '<p style="color:red">'],
      ['views/a.ejs', '<button type="button" onclick="x()">'],
      ['views/a.ejs', '<button hx-on:click="x()">'],
      ['views/a.ejs', '<div data-hx-on:click="x()">'],
      ['views/a.ejs', '<div hx-vals="js:{a: 1}">'],
      ['views/a.ejs', '<a href="javascript:x()">'],
    ],
    good: [
      ['views/a.ejs', '<script src="<%= it.src %>" nonce="<%= it.nonce %>" defer></script>'],
      ['views/a.ejs', '<script type="application/json" id="data"></script>'],
      ['views/a.ejs', '<link rel="stylesheet" href="/a.css"><p class="once upon">on = off</p>'],
    ],
  },
  'template-length': {
    bad: [['views/a.ejs', '<p></p>\n'.repeat(61)]],
    good: [['views/a.ejs', '<p></p>\n'.repeat(60)]],
  },
};

test('every rule has its cases', () => {
  expect(Object.keys(CASES).sort()).toEqual(RULES.map((rule) => rule.name).sort());
});

/** Titles show the beginning of the text only. */
const titled = (cases: [string, string][]) => cases.map(([path, text]) => [path, text.slice(0, 90), text] as const);

describe.each(Object.entries(CASES))('%s', (rule, { bad, good }) => {
  test.each(titled(bad))('finds in %s: %s', (path, _, text) => {
    expect(lint({ path, text })).toEqual(expect.arrayContaining([expect.stringContaining(` ${rule}: `)]));
  });

  test.each(titled(good))('lets pass in %s: %s', (path, _, text) => {
    expect(lint({ path, text }).filter((finding) => finding.includes(` ${rule}: `))).toEqual([]);
  });
});

test('a finding names the file, the line, the rule and where to read on', () => {
  const file = { path: 'src/kernel/x.ts', text: '/*\n * fetch(url)\n */\nawait fetch(url);\n' };
  expect(lint(file)).toEqual([expect.stringMatching(/^src\/kernel\/x\.ts:4 outbound: .+ \(docs\/STYLE\.md\)$/)]);
});
