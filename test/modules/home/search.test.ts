// The search over everything: customers, contacts, leads and projects at once, the other kinds behind them.
import { type Agent, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { program } from '../../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let agent: Agent;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
  const admin = program(app, acme.users.admin);
  const customer_id = (await admin.post('/customers', { name: 'Zirbelwerk' })).body.data.id;
  await admin.post('/contacts', { name: 'Rosa Zirbel', customer_id });
  await admin.post('/notes', { body: 'Zirbel again', customer_id });
  await admin.post('/notes', { body: 'Only the Quittenbaum is told of', customer_id });
}, 60_000);
afterAll(() => app?.stop());

const html = async (address: string) => (await agent.get(address).expect(200)).text.replaceAll('&amp;', '&');
const groups = (text: string) => [...text.matchAll(/<h2>(.+?)<\/h2>/g)].map((found) => found[1]);
const more = (text: string) => /<div id="rest"[^>]* hx-get="([^"]+)"/.exec(text)?.[1] ?? '';
const fragment = async (address: string) =>
  (await agent.get(address).set({ 'hx-request': 'true', 'hx-request-type': 'partial', 'hx-target': 'div#rest' })).text;

test('what most searches are for is there at once, and the rest is one link away', async () => {
  const text = await html('/search?q=zirbel');
  expect(groups(text)).toEqual(['Customers', 'Contacts']);
  expect(more(text)).toBe('/search?q=zirbel&in=rest');
  expect(text).toMatch(/<a class="btn" href="\/search\?q=zirbel&in=rest">Look in .*notes.*<\/a>/);
  const rest = await html(more(text));
  expect(groups(rest)).toEqual(['Notes']);
  expect(rest).toContain('href="/search?q=zirbel">');
  expect(await fragment(more(text))).toMatch(/^\s*<section class="panel">/);
  expect(more(rest)).toBe('');
});

test('that nothing was found is said when everything was looked through, and not before', async () => {
  const [some, none] = [await html('/search?q=quittenbaum'), await html('/search?q=xylophon')];
  for (const text of [some, none]) expect(text).not.toContain('Nothing contains');
  expect(groups(await html(more(some)))).toEqual(['Notes']);
  expect(await fragment(more(none))).toContain('Nothing contains “xylophon”');
  expect(await fragment(more(await html('/search?q=rosa')))).not.toContain('Nothing');
  expect(await html('/search')).toContain('by any part of a word');
});
