import { z } from 'zod';
import { readSchema, writeSchema } from './api.ts';
import { allEntities, type Entity } from './entity.ts';
import type { Route } from './routes.ts';

type Schema = Record<string, unknown>;

/** JSON Schema of a zod schema, as what is sent (transforms are ours, not the sender's). */
export const jsonSchema = (schema: z.ZodType): Schema => {
  const override = ({ jsonSchema: made }: { jsonSchema: Schema }) => {
    // zod spells out what "uuid" and "date-time" mean; readers know.
    if (made.format) delete made.pattern;
  };
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override,
  }) as Schema;
  return rest;
};

const pascal = (name: string) => name.replace(/(^|_)(\w)/g, (_all, _line, letter: string) => letter.toUpperCase());

/** What a program reads and writes of an entity. */
export function entityContract(entity: Entity): { read: Schema; create: Schema; update: Schema } {
  return {
    read: jsonSchema(readSchema(entity)),
    create: jsonSchema(writeSchema(entity, false)),
    update: jsonSchema(writeSchema(entity, true)),
  };
}

const ERROR: Schema = {
  type: 'object',
  required: ['error', 'details'],
  properties: {
    error: { type: 'string', description: 'What went wrong and what to do.' },
    details: { type: 'object', additionalProperties: { type: 'string' } },
    request_id: { type: 'string' },
  },
};

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const content = (schema: Schema): Schema => ({ 'application/json': { schema } });
const data = (schema: Schema): Schema => ({
  type: 'object',
  required: ['data'],
  properties: { data: schema, message: { type: 'string' } },
});
const items = (schema: Schema): Schema => ({
  type: 'object',
  required: ['items', 'limit', 'next_cursor'],
  properties: {
    items: { type: 'array', items: schema },
    limit: { type: 'integer' },
    next_cursor: { type: ['string', 'null'] },
    total: { type: 'integer', description: 'Only with count=exact.' },
  },
});

const query = (name: string, description: string, type = 'string'): Schema => ({
  name,
  in: 'query',
  description,
  schema: { type },
});

const LIST_PARAMETERS = [
  query('q', 'Words or parts of words, all of which must occur.'),
  query('sort', 'A field, with - before it for descending.'),
  query('limit', '1 to 100, 25 by default.', 'integer'),
  query('after', 'next_cursor of the page before.'),
  query('offset', 'Rows to pass over; prefer after.', 'integer'),
  query('count', 'exact adds the total.'),
];

/** The OpenAPI description of /api/v1, made from the routes that exist and the schemas they check with. */
export function openApi(routes: readonly Route[]): Schema {
  const schemas: Schema = { Error: ERROR };
  for (const entity of allEntities()) {
    const contract = entityContract(entity);
    schemas[pascal(entity.name)] = contract.read;
    schemas[`New${pascal(entity.name)}`] = contract.create;
    schemas[`Change${pascal(entity.name)}`] = contract.update;
  }
  const paths: Record<string, Schema> = {};
  for (const route of routes.filter((r) => r.surface === 'api')) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][route.method] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rapport',
      version: '1',
      description: 'Lists, records and imports of one company, as its token sees them.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: { schemas, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

export const failures = (...statuses: number[]): Schema =>
  Object.fromEntries(statuses.map((s) => [String(s), { description: 'See error.', content: content(ref('Error')) }]));

function operation(route: Route): Schema {
  const table = route.path.split('/')[3] ?? '';
  const entity = allEntities().find((e) => e.table === table);
  const parameters: Schema[] = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const common = { tags: [entity?.label[1] ?? 'Other'], ...(parameters.length ? { parameters } : {}) };
  if (!entity)
    return {
      ...common,
      responses: { 200: { description: 'See docs/api.md.' }, ...failures(401, 403, 404, 422) },
      ...route.describes,
    };
  const name = pascal(entity.name);
  const one = { description: entity.label[0], content: content(data(ref(name))) };
  const send = (schema: string) => ({ requestBody: { required: true, content: content(ref(schema)) } });
  if (route.path.endsWith('/restoration'))
    return {
      ...common,
      summary: `Take a ${entity.name} out of the trash`,
      responses: { 200: one, ...failures(401, 403, 404) },
    };
  switch (`${route.method} ${parameters.length}`) {
    case 'get 0':
      return {
        ...common,
        summary: `List ${entity.label[1].toLowerCase()}`,
        parameters: [
          ...LIST_PARAMETERS,
          ...entity.filters.map((f) => query(f, 'Narrows the list; several values with commas, none for empty.')),
        ],
        responses: {
          200: { description: entity.label[1], content: content(items(ref(name))) },
          ...failures(400, 401, 403),
        },
      };
    case 'post 0':
      return {
        ...common,
        summary: `Add a ${entity.name}`,
        ...send(`New${name}`),
        responses: { 201: one, ...failures(401, 403, 422) },
      };
    case 'patch 1':
      return {
        ...common,
        summary: `Change a ${entity.name}`,
        ...send(`Change${name}`),
        responses: { 200: one, ...failures(401, 403, 404, 409, 422) },
      };
    case 'delete 1':
      return {
        ...common,
        summary: `Move a ${entity.name} to the trash`,
        responses: { 200: one, ...failures(401, 403, 404) },
      };
    default:
      return { ...common, summary: `Read a ${entity.name}`, responses: { 200: one, ...failures(401, 403, 404) } };
  }
}
