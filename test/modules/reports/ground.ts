// What the tests of the reports stand on: records written straight into the tables, so that every instant, owner and trash
// bin is exactly as the sums on paper assume.
import pg from 'pg';
import type { Role } from '../../../src/kernel/access.ts';
import { newId } from '../../../src/kernel/ids.ts';
import type { TestApp } from '../../helpers/app.ts';
import type { TestTenant } from '../../helpers/fixture.ts';

export interface ProjectFacts extends Facts {
  customer: string;
  status?: 'active' | 'pending' | 'completed' | 'cancelled';
  /** decimal text; null: nobody said */
  value?: string | null;
  currency?: string;
  created_at: string;
  owner?: Role | null;
}

interface Facts {
  created_at?: string;
  /** who made it */
  by?: Role;
  trashed?: boolean;
}

export interface CustomerFacts extends Facts {
  owner?: Role | null;
  status?: 'new' | 'prospect' | 'active' | 'inactive';
}

export interface LeadFacts extends Facts {
  name?: string;
  status?: 'new' | 'contacted' | 'qualified' | 'lost' | 'converted';
  source?: string | null;
  /** what it became */
  customer?: string | null;
  converted_at?: string | null;
  /** decimal text */
  estimated_value?: string | null;
  currency?: string;
  assigned_to?: Role | null;
}

export interface InteractionFacts extends Facts {
  subject?: string;
  body?: string | null;
  type?: 'meeting' | 'call' | 'email' | 'visit';
  /** now, where nobody says */
  occurred_at?: string;
  /** ISO day */
  next_follow_up?: string | null;
  customer?: string | null;
  lead?: string | null;
  owner?: Role | null;
}

export interface TaskFacts extends Facts {
  title?: string;
  description?: string | null;
  status?: 'open' | 'in_progress' | 'done' | 'cancelled';
  priority?: 'low' | 'medium' | 'high' | 'urgent';
  /** ISO day */
  due_date?: string | null;
  assigned_to?: Role | null;
  customer?: string | null;
  lead?: string | null;
  project?: string | null;
}

/** Each writer returns the id of the record; whoever is not named is the administrator, null is nobody. */
export interface Ground {
  customer(name: string, more?: CustomerFacts): Promise<string>;
  project(facts: ProjectFacts): Promise<string>;
  lead(facts?: LeadFacts): Promise<string>;
  interaction(facts?: InteractionFacts): Promise<string>;
  task(facts?: TaskFacts): Promise<string>;
  /** any statement, as superuser, for one tenant's rows */
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  end(): Promise<void>;
}

/** Writes rows of one tenant, as superuser. */
export async function openGround(app: TestApp, tenant: TestTenant): Promise<Ground> {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  const user = (role: Role | null | undefined) =>
    role === null ? null : tenant.users[role === undefined ? 'admin' : role].id;

  /** Columns whose value is undefined are left to the table. */
  async function write(table: string, facts: Facts, columns: Record<string, unknown>): Promise<string> {
    const id = newId();
    const row = Object.entries({
      tenant_id: tenant.id,
      id,
      created_by: user(facts.by),
      created_at: facts.created_at,
      deleted_at: facts.trashed ? '2026-01-01' : undefined,
      ...columns,
    }).filter(([, value]) => value !== undefined);
    await client.query(
      `insert into ${table} (${row.map(([name]) => name).join(', ')}) values (${row.map((_, i) => `$${i + 1}`).join(', ')})`,
      row.map(([, value]) => value),
    );
    return id;
  }
  const some = (text: string) => `${text} ${newId().slice(-6)}`;

  return {
    customer: (name, more = {}) => write('customers', more, { name, owner_id: user(more.owner), status: more.status }),
    project: (facts) =>
      write('projects', facts, {
        name: some('Project'),
        customer_id: facts.customer,
        status: facts.status ?? 'active',
        value: facts.value === undefined ? '100.00' : facts.value,
        currency: facts.currency ?? 'EUR',
        owner_id: user(facts.owner),
      }),
    lead: (facts = {}) =>
      write('leads', facts, {
        name: facts.name ?? some('Lead'),
        status: facts.status,
        source: facts.source,
        customer_id: facts.customer,
        converted_at: facts.converted_at,
        estimated_value: facts.estimated_value,
        currency: facts.currency ?? 'EUR',
        assigned_to: user(facts.assigned_to),
      }),
    interaction: (facts = {}) =>
      write('interactions', facts, {
        subject: facts.subject ?? some('Interaction'),
        body: facts.body,
        type: facts.type ?? 'call',
        occurred_at: facts.occurred_at,
        next_follow_up: facts.next_follow_up,
        customer_id: facts.customer,
        lead_id: facts.lead,
        owner_id: user(facts.owner),
      }),
    task: (facts = {}) =>
      write('tasks', facts, {
        title: facts.title ?? some('Task'),
        description: facts.description,
        status: facts.status,
        priority: facts.priority,
        due_date: facts.due_date,
        assigned_to: user(facts.assigned_to),
        customer_id: facts.customer,
        lead_id: facts.lead,
        project_id: facts.project,
      }),
    query: (text, values = []) => client.query(text, values),
    end: () => client.end(),
  };
}

/** A report through the API. @param query with its question mark */
export async function askJson(app: TestApp, tenant: TestTenant, role: Role, query = '', slug = 'revenue-by-client') {
  const answer = await app
    .agent()
    .get(`/api/v1/reports/${slug}${query}`)
    .set('Authorization', `Bearer ${tenant.users[role].token}`);
  return { status: answer.status, body: answer.body };
}
