import type { Role } from '#src/kernel/access.ts';

export interface TenantFacts {
  slug: string;
  name: string;
  time_zone: string;
  locale: string;
  currency: string;
  /** where this tenant's chance begins */
  seed: number;
}

/** Who works for a tenant. `key` is the part before the @. */
export interface Colleague {
  id: string;
  key: string;
  email: string;
  name: string;
  role: Role;
  team: string | null;
  /** days since the account was made, and since it was closed */
  joined: number;
  left?: number;
}

/** Belongs to both tenants, with another role in each. */
const BOTH = 'both@people.example';

type Line = readonly [key: string, name: string, role: Role, team: string | null, joined: number, left?: number];

const ACME: readonly Line[] = [
  ['admin', 'Ingrid Solberg', 'admin', null, 900],
  ['manager', 'Marek Wiśniewski', 'manager', 'Sales', 880],
  ['sales', 'Sofia Lindqvist', 'sales', 'Sales', 860],
  ['csm', 'Clara Hoffmann', 'csm', 'Customer success', 850],
  ['support', 'Samir Haddad', 'support', 'Customer success', 700],
  ['field', 'Florian Brandt', 'field_tech', 'Field service', 640],
  ['viewer', 'Vera Nováková', 'read_only', null, 400],
  ['both', 'Jordan Blake', 'sales', 'Sales', 330],
  ['nadia.ferrari', 'Nadia Ferrari', 'csm', 'Customer success', 610],
  ['emil.kowalczyk', 'Emil Kowalczyk', 'sales', 'Sales', 520],
  ['aylin.demir', 'Aylin Demir', 'field_tech', 'Field service', 300],
  ['ole.hansen', 'Ole Hansen', 'sales', 'Sales', 870, 75],
];

const GLOBEX: readonly Line[] = [
  ['admin', 'Dana Whitfield', 'admin', null, 500],
  ['manager', 'Marcus Bell', 'manager', 'Sales', 490],
  ['sales', 'Sam Ortega', 'sales', 'Sales', 480],
  ['csm', 'Carol Jennings', 'csm', 'Customer success', 470],
  ['support', 'Sue Park', 'support', 'Customer success', 420],
  ['field', 'Frank Dalton', 'field_tech', 'Field service', 410],
  ['viewer', 'Valerie Moreno', 'read_only', null, 200],
  ['both', 'Jordan Blake', 'manager', 'Customer success', 330],
  ['priya.raman', 'Priya Raman', 'csm', 'Customer success', 280],
  ['luke.adeyemi', 'Luke Adeyemi', 'sales', 'Sales', 260],
  ['ruth.kessler', 'Ruth Kessler', 'field_tech', 'Field service', 150],
];

const colleagues = (domain: string, lines: readonly Line[], id: (joined: number) => string): Colleague[] =>
  lines.map(([key, name, role, team, joined, left]) => ({
    id: id(joined),
    key,
    email: key === 'both' ? BOTH : `${key}@${domain}`,
    name,
    role,
    team,
    joined,
    ...(left !== undefined && { left }),
  }));

/** The people of a demo tenant. @param id makes the id of somebody who joined so many days ago */
export const peopleOf = (slug: string, id: (joined: number) => string): Colleague[] =>
  colleagues(`${slug}.example`, slug === 'acme' ? ACME : GLOBEX, id);
