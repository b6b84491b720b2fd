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
    bad: ['only', 'skip', 'todo']
      .map((word) => ['test/a.test.ts', `test${'.'}${word}('x')`] as [string, string])
      .concat([
        ['test/a.test.ts', `x${'it'}('x')`],
        ['test/a.test.ts', `f${'describe'}('x')`],
        ['test/a.test.ts', `/** Titles show the beginning of the text only. */
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
