// A list exported, edited and imported again: exactly what was edited changes, for every kind of record. EX-02, FLOWS 1.9.
import { allEntities } from '../../../src/kernel/entity.ts';
import { updateRecord } from '../../../src/kernel/records.ts';
import { customer } from '../../../src/modules/customers/customer.entity.ts';
import { commitImport } from '../../../src/modules/imports/imports.service.ts';
import { countsOf, csv, reasons, signedIn, staysSound, useGround } from './ground.ts';

const ground = useGround({}, staysSound);

const exported = async (table: string, format: 'xlsx' | 'csv'): Promise<Buffer> => {
  const { agent } = await signedIn(ground);
  const answer = await agent
    .get(`/${table}.${format}?scope=all`)
    .buffer(true)
    .parse((response, done) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => done(null, Buffer.concat(parts)));
    });
  expect(answer.status).toBe(200);
  return answer.body as Buffer;
};

test.each(['xlsx', 'csv'] as const)(
  'every list that is exported to .%s and imported unchanged is 0 changes',
  async (format) => {
    for (const entity of allEntities()) {
      const found = await ground.run(await exported(entity.table, format), {}, entity.table, `list.${format}`);
      expect([entity.name, found.error, await reasons(ground, found.id)]).toEqual([entity.name, null, {}]);
      expect([entity.name, countsOf(found)]).toEqual([
        entity.name,
        { rows: found.rows, created: 0, updated: 0, unchanged: found.rows, skipped: 0, failed: 0 },
      ]);
      expect(found.rows).toBeGreaterThan(0);
    }
  },
  120_000,
);

test('edited cells are applied and nothing else; what somebody edited meanwhile is shown and not overwritten', async () => {
  const { id } = await ground.as(async (ctx) => {
    const { createRecord } = await import('../../../src/kernel/records.ts');
    return createRecord(ctx, customer, {
      name: 'Round AG',
      city: 'Bonn',
      phone: '+49 30 1234567',
      industry: 'Food',
      description: '=1+1',
    });
  });
  const [row] = await ground.sql<{ version: number }>('select version from customers where id = $1', [id]);
  const head = ['Name', 'City', 'Phone', 'Industry', 'Description', 'Rapport id', 'Rapport version'];
  const file = (city: string, phone: string, industry: string) =>
    csv(head, ['Round AG', city, phone, industry, "'=1+1", String(id), row!.version]);
  await ground.as((ctx) => updateRecord(ctx, customer, String(id), row!.version, { city: 'Essen' }));

  const fine = await ground.run(file('Bonn', '', 'Retail'));
  expect(countsOf(fine)).toMatchObject({ rows: 1, updated: 1 });
  const [planned] = await ground.sql('select changes from import_plan where import_id = $1', [fine.id]);
  expect(planned!.changes).toEqual({
    phone: { old: '+49 30 1234567', new: null },
    industry: { old: 'Food', new: 'Retail' },
  });
  await ground.as((ctx) => commitImport(ctx, fine.id, null));
  await ground.drive(fine.id);
  const [after] = await ground.sql('select city, phone, industry, description from customers where id = $1', [id]);
  expect(after).toEqual({ city: 'Essen', phone: null, industry: 'Retail', description: '=1+1' });

  const conflict = await ground.run(file('Köln', '+49 30 1234567', 'Food'));
  expect(countsOf(conflict)).toMatchObject({ rows: 1, failed: 1 });
  expect((await reasons(ground, conflict.id))[2]).toContain(
    'somebody edited city in Rapport after this file was exported',
  );
});

test('ids of nobody, of another company and made-up ones are refused; nothing else may name a record', async () => {
  const head = ['Name', 'Rapport id', 'Rapport version'];
  const found = await ground.run(
    csv(
      head,
      ['Stolen', ground.globex.records.customer!, '1'],
      ['Made up', '00000000-0000-7000-8000-000000000000', '1'],
      ['No id', 'abc', '1'],
    ),
  );
  expect(countsOf(found)).toMatchObject({ rows: 3, failed: 3 });
  const named = (field: string) =>
    ground.run(csv(['Name', 'Key'], ['X', '1']), { mapping: { Name: 'name', Key: field } });
  for (const field of ['@id', '@version'])
    expect(await named(field)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('not a field that an import may fill'),
    });
  for (const field of ['id', 'tenant_id', 'version', 'created_at', 'created_by'])
    await expect(named(field)).rejects.toThrow(/^422 .*options\.mapping\.Key/);
});

test('a list of another kind cannot be added by a file, only changed', async () => {
  const found = await ground.run(csv(['Name', 'Status'], ['Sneaky project', 'active']), {}, 'projects');
  expect(found).toMatchObject({ state: 'failed', error: expect.stringContaining('export their list') });
});
