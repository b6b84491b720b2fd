// Somebody at the pages of an import, without a browser: what they are shown, what their forms send.
import { expect } from '@jest/globals';
import type { Import } from '../../../src/modules/imports/model.ts';
import { type Agent, csrfToken, signIn } from '../../helpers/app.ts';
import { PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { formOf, plainText } from '../../helpers/forms.ts';
import type { Ground } from './ground.ts';

type Answer = Awaited<ReturnType<Agent['get']>>;

export interface Person {
  agent: Agent;
  csrf: string;
  /** Uploads through the form. @returns the import's id, before anything is read */
  send(content: string | Buffer, name?: string, entity?: string): Promise<string>;
  /** The words of a page that is there. */
  look(address: string): Promise<string>;
  /** Sends a form of the import's page, filled in as it is shown except for `more`. */
  submit(id: string, what: string, more?: Record<string, string>): Promise<Answer>;
}

/** A page's words without its mark-up; a select says the option that is chosen. */
export const words = (html: string): string =>
  plainText(
    html
      .slice(html.indexOf('<main'))
      .replace(/<option(?![^>]*\sselected)[^>]*>[^<]*<\/option>/g, '')
      .replace(/<[^>]+>/g, ' '),
  ).replace(/\s+/g, ' ');

export async function openPerson(
  ground: Ground,
  tenant: TestTenant = ground.acme,
  role: 'admin' | 'manager' | 'sales' = 'admin',
): Promise<Person> {
  const agent = ground.app.agent();
  await signIn(agent, tenant.users[role].email, PASSWORD);
  const csrf = csrfToken((await agent.get('/customers')).text);
  return {
    agent,
    csrf,
    async send(content, name = 'list.csv', entity = 'customers') {
      const answer = await agent
        .post('/imports')
        .field({ _csrf: csrf, entity })
        .attach('file', Buffer.from(content as string), name);
      expect([answer.status, answer.status === 303 ? '' : words(answer.text)]).toEqual([303, '']);
      return String(answer.headers.location).split('/').at(-1)!;
    },
    async look(address) {
      const answer = await agent.get(address);
      expect(answer.status).toBe(200);
      return words(answer.text);
    },
    async submit(id, what, more = {}) {
      const { text } = await agent.get(`/imports/${id}?step=columns`);
      const fields = { ...formOf(text, `/imports/${id}/${what}`), _csrf: csrf, ...more };
      return agent.post(`/imports/${id}/${what}`).type('form').send(fields);
    },
  };
}

/** Which field each column goes to, by its header; '' is left out. */
export const fieldsOf = ({ columns, mapping }: Import): Record<string, string> =>
  Object.fromEntries((mapping ?? []).map(({ column, field }) => [columns[column]!.header, field]));
