import { z } from 'zod';
import { content, failures, jsonSchema } from '#src/kernel/contracts.ts';
import { ImportOptions } from './wishes.ts';

/** What programs are told about imports, in the words of OpenAPI. */

const STATES = ['uploaded', 'reading', 'mapping', 'planned', 'committing', 'committed', 'undoing', 'undone', 'failed'];

const Counted = z.object({
  id: z.uuid(),
  entity: z.string(),
  file_name: z.string(),
  state: z.enum(STATES),
  error: z.string().optional().describe('Why nothing was imported and what to do. Only in the state failed.'),
  rows: z.int().describe('Rows below the header = created + updated + unchanged + skipped + failed, from planned on.'),
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  skipped: z.int(),
  failed: z.int(),
  review: z.int().describe('Rows that wait for a second look, part of failed. Commit again to import them.'),
  created_at: z.string(),
});

const found = content({
  type: 'object',
  required: ['data'],
  properties: { data: jsonSchema(Counted), message: { type: 'string' } },
});
const tags = ['Imports'];

const step = (summary: string, description: string) => ({
  tags,
  summary,
  description,
  responses: {
    202: { description: 'Begun. Sent again it changes nothing.', content: found },
    ...failures(401, 403, 404, 409),
  },
});

export const UPLOAD = {
  tags,
  summary: 'Import a file',
  description:
    'The answer comes before the file is read: ask for the import until its state is planned, committed or failed.',
  requestBody: {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          required: ['entity', 'file'],
          properties: {
            entity: { type: 'string', description: 'customers, contacts, leads …; before the file in the form.' },
            options: { ...jsonSchema(ImportOptions), description: 'As JSON; before the file in the form.' },
            file: { type: 'string', format: 'binary', description: '.xlsx or .csv' },
          },
        },
        encoding: { options: { contentType: 'application/json' } },
      },
    },
  },
  responses: {
    202: { description: 'The file is being read.', content: found },
    ...failures(400, 401, 403, 413, 422, 429),
  },
};

export const SHOW = {
  tags,
  summary: 'How far an import is',
  responses: { 200: { description: 'The import.', content: found }, ...failures(401, 403, 404) },
};

export const ERRORS = {
  tags,
  summary: 'The rows that failed, to correct and upload again',
  description: 'Columns of the file, then where each row stood and why it failed. Uploaded again it needs no options.',
  responses: {
    200: {
      description: 'A workbook.',
      content: {
        'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': {
          schema: { type: 'string', format: 'binary' },
        },
      },
    },
    ...failures(401, 403, 404),
  },
};

export const COMMIT = step(
  'Write what is planned',
  'In the state planned the whole plan; in the state committed the rows that wait for a second look.',
);
export const UNDO = step(
  'Take an import back',
  'Within 30 days: created records go to the trash, updated ones get their old values where nobody edited them since.',
);
export const REDO = step(
  'Bring an undone import back',
  'Within 30 days of its end; what was edited since the undo stays.',
);
