// What is special about leads: they become customers by conversion, and by nothing else.
import { startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, type TestTenant } from '../../helpers/fixture.ts';

let app: TestApp;
let acme: TestTenant;
beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
}, 60_000);
afterAll(() => app?.stop());

const api = (role: keyof TestTenant['users'], method: 'get' | 'post' | 'patch', path: string, body?: object) => {
  const request = app.agent()[method](`/api/v1${path}`).set('Authorization', `Bearer ${acme.users[role].token}`);
  return body ? request.send(body) : request;
};

test('"converted" cannot be chosen by hand, and the answer says what to do instead', async () => {
  const made = await api('sales', 'post', '/leads', { name: 'By hand', status: 'converted' });
  expect(made.status).toBe(422);
  expect(made.body.details.status).toContain('Convert to customer');
  const lead = (await api('sales', 'post', '/leads', { name: 'Later' })).body.data;
  const changed = await api('sales', 'patch', `/leads/${lead.id}`, { version: 1, status: 'converted' });
  expect(changed.status).toBe(422);
});

test('a converted lead can still be edited without losing its status', async () => {
  const lead = (await api('sales', 'post', '/leads', { name: 'Zoe', company: 'Zoe AG' })).body.data;
  const { convertLead } = await import('../../../src/modules/sales/conversion.service.ts');
  const { inTenant } = await import('../../helpers/fixture.ts');
  const customer = await inTenant(app.platform, acme, 'sales', (ctx) => convertLead(ctx, lead.id));
  expect(customer.name).toBe('Zoe AG');
  const after = (await api('sales', 'get', `/leads/${lead.id}`)).body.data;
  expect(after).toMatchObject({ status: 'converted', customer_id: customer.id, version: 2 });
  const edited = await api('sales', 'patch', `/leads/${lead.id}`, {
    version: 2,
    status: 'converted',
    phone: '+49 30 1234567',
  });
  expect(edited.status).toBe(200);
  expect(edited.body.data.status).toBe('converted');
});

test("a colleague's note about my lead is mine to read; one about theirs is not", async () => {
  const mine = (await api('sales', 'post', '/leads', { name: 'Mine' })).body.data;
  const theirs = (await api('manager', 'post', '/leads', { name: 'Theirs' })).body.data;
  const about = (await api('manager', 'post', '/notes', { body: 'Call on Monday', lead_id: mine.id })).body.data;
  const other = (await api('manager', 'post', '/notes', { body: 'Call on Tuesday', lead_id: theirs.id })).body.data;
  expect((await api('sales', 'get', `/notes/${about.id}`)).status).toBe(200);
  expect((await api('sales', 'get', `/notes/${other.id}`)).status).toBe(404);
});

test('a filter on a text may hold a comma', async () => {
  const made = (await api('manager', 'post', '/customers', { name: 'Seoul Cold', country: 'Korea, Republic of' })).body
    .data;
  const found = await api('manager', 'get', '/customers?country=Korea,%20Republic%20of');
  expect(found.body.items.map((c: { id: string }) => c.id)).toEqual([made.id]);
});
