// What the tests of the reports stand on: customers and projects written straight into the tables, so that every instant,
// owner and trash bin is exactly as the sums on paper assume.
import pg from 'pg';
import type { Role } from '../../../src/kernel/access.ts';
import { newId } from '../../../src/kernel/ids.ts';
import type { TestApp } from '../../helpers/app.ts';
import type { TestTenant } from '../../helpers/fixture.ts';

export interface ProjectFacts {
  customer: string;
  status?: 'active' | 'pending' | 'completed' | 'cancelled';
  /** decimal text; null: nobody said */
  value?: string | null;
  currency?: string;
  created_at: string;
  owner?: Role | null;
  trashed?: boolean;
}

export interface Ground {
  customer(name: string, more?: { owner?: Role; trashed?: boolean }): Promise<string>;
  project(facts: ProjectFacts): Promise<string>;
  /** any statement, as superuser, for one tenant's rows */
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  end(): Promise<void>;
}

/** Writes rows of one tenant, as superuser. */
export async function openGround(app: TestApp, tenant: TestTenant): Promise<Ground> {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  const user = (role: Role | null | undefined) => (role ? tenant.users[role].id : null);
  return {
    async customer(name, more = {}) {
      const id = newId();
      await client.query(
        'insert into customers (tenant_id, id, name, owner_id, created_by, deleted_at) values ($1, $2, $3, $4, $4, $5)',
        [tenant.id, id, name, user(more.owner ?? 'admin'), more.trashed ? '2026-01-01' : null],
      );
      return id;
    },
    async project(facts) {
      const id = newId();
      await client.query(
        `insert into projects (tenant_id, id, name, customer_id, status, value, currency, created_at, owner_id, created_by, deleted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [
          tenant.id,
          id,
          `Project ${id.slice(-6)}`,
          facts.customer,
          facts.status ?? 'active',
          facts.value === undefined ? '100.00' : facts.value,
          facts.currency ?? 'EUR',
          facts.created_at,
          user(facts.owner === undefined ? 'admin' : facts.owner),
          user('admin'),
          facts.trashed ? '2026-01-01' : null,
        ],
      );
      return id;
    },
    query: (text, values = []) => client.query(text, values),
    end: () => client.end(),
  };
}

/** The report through the API. */
export async function askJson(app: TestApp, tenant: TestTenant, role: Role, query = '') {
  const answer = await app
    .agent()
    .get(`/api/v1/reports/revenue-by-client${query}`)
    .set('Authorization', `Bearer ${tenant.users[role].token}`);
  return { status: answer.status, body: answer.body };
}
