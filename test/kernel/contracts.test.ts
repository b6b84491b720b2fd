// The published contract is what the product does: schemas, documents, every answer and every route.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { contracts } from '../../scripts/contracts.ts';
import { readSchema } from '../../src/kernel/api.ts';
import { allEntities, type Entity } from '../../src/kernel/entity.ts';
import { newId } from '../../src/kernel/ids.ts';
import { allRoutes } from '../../src/modules/index.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, sampleValues, type TestTenant } from '../helpers/fixture.ts';
import { type Program, program } from '../helpers/program.ts';

const FOLDER = path.resolve('contracts');
let app: TestApp;
let acme: TestTenant;
let admin: Program;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  admin = program(app, acme.users.admin);
}, 60_000);
afterAll(() => app?.stop());

test('contracts/ is up to date (else: npm run contracts)', () => {
  const made = contracts();
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(made).sort());
  for (const [name, text] of Object.entries(made)) {
    const same = readFileSync(path.join(FOLDER, name), 'utf8') === text;
    expect(`${name}: ${same ? 'up to date' : 'run npm run contracts'}`).toBe(`${name}: up to date`);
  }
});

/** The read schema without room for anything it does not name. */
const strict = (entity: Entity) => z.strictObject(readSchema(entity).shape);
const problems = (schema: z.ZodType, value: unknown): string[] =>
  (schema.safeParse(value).error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);

test('every answer about a record holds the published fields, all of them and no other', async () => {
  for (const entity of allEntities()) {
    const base = `/${entity.table}`;
    const one = z.strictObject({ data: strict(entity), message: z.string() });
    const unique = {
      ...(entity.fields.external_id ? { external_id: newId() } : {}),
      ...(entity.name === 'tag' ? { name: newId() } : {}),
    };
    const made = await admin.post(base, sampleValues(entity, acme.records, unique));
    const required = entity.field_names.filter((name) => entity.fields[name]!.options.required);
    const values = sampleValues(entity, acme.records, unique);
    const bare = Object.fromEntries(
      required.map((name) => [name, entity.name === 'tag' || name === 'account_number' ? newId() : values[name]]),
    );
    const least = await admin.post(base, bare);
    const at = `${base}/${made.body.data?.id}`;
    const shown = await admin.get(at);
    const answers = {
      made,
      least,
      changed: await admin.patch(at, { version: 1, [entity.title]: `New ${newId()}` }),
      trashed: await admin.remove(at),
      back: await admin.post(`${at}/restoration`),
    };
    for (const [what, answer] of Object.entries(answers))
      expect([entity.name, what, answer.status, problems(one, answer.body)]).toEqual([
        entity.name,
        what,
        what === 'made' || what === 'least' ? 201 : 200,
        [],
      ]);
    expect(problems(z.strictObject({ data: strict(entity) }), shown.body)).toEqual([]);
    const list = z.strictObject({
      items: z.array(strict(entity)).min(2),
      limit: z.literal(25),
      next_cursor: z.string().nullable(),
    });
    expect(problems(list, (await admin.get(base)).body)).toEqual([]);
    expect(problems(list.extend({ total: z.int() }), (await admin.get(`${base}?count=exact`)).body)).toEqual([]);
  }
});

test('every refusal has the one shape of errors, with a sentence and the number to quote', async () => {
  const error = z.strictObject({
    error: z.string().regex(/^[A-Z].*[.…]$/s),
    details: z.record(z.string(), z.string()),
    request_id: z.string().optional(),
  });
  const refusals = [
    await admin.get('/customers?sort=x'),
    await admin.get(`/customers/${newId()}`),
    await admin.get('/nothing'),
    await admin.post('/customers', { nickname: 1 }),
    await admin.patch(`/customers/${acme.records.customer}`, { version: 7, name: 'x' }),
    await program(app, acme.users.read_only).post('/customers', { name: 'x' }),
    await program(app, { token: 'rpt_nobodysnobodysnobodys' }).get('/customers'),
  ];
  expect(refusals.map((answer) => answer.status)).toEqual([400, 404, 404, 422, 409, 403, 401]);
  for (const { status, body } of refusals) expect([status, problems(error, body)]).toEqual([status, []]);
});

interface OpenApi {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: unknown }>; parameters?: { name: string; in: string }[] }>
  >;
  components: { schemas: Record<string, unknown> };
}

test('OpenAPI describes exactly the routes that exist, and every reference in it leads somewhere', async () => {
  const api = (await admin.get('/openapi.json')).body as OpenApi;
  const described = Object.entries(api.paths).flatMap(([at, methods]) =>
    Object.keys(methods).map((method) => `${method} ${at}`),
  );
  const routes = allRoutes(app.platform).filter((route) => route.surface === 'api');
  expect(routes.filter((route) => !route.path.startsWith('/api/v1/'))).toEqual([]);
  expect(described.sort()).toEqual(
    routes.map((route) => `${route.method} ${route.path.replace(/:(\w+)/g, '{$1}')}`).sort(),
  );
  const refs = [...JSON.stringify(api).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((found) => found[1]!);
  expect(refs.filter((name) => !api.components.schemas[name])).toEqual([]);
  for (const [at, methods] of Object.entries(api.paths))
    for (const operation of Object.values(methods)) {
      const named = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => `{${parameter.name}}`);
      expect([at, named]).toEqual([at, at.match(/\{\w+\}/g) ?? []]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401']));
    }
});
