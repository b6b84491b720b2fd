import type { Knex } from 'knex';

/**
 * References between records, with what stands behind the reference in the index of 0002. Deleting a row makes PostgreSQL
 * look for rows that still point to it, and that look-up cannot use an index that leaves trashed rows out: it walked
 * through all rows of the tenant instead, once for every row deleted (8,000 customers: 3.5 minutes, and growing with the
 * square). Whole indexes serve the lists as well as the partial ones did, because little lies in the trash.
 */
const REFERENCES: readonly (readonly [table: string, column: string, rest: string])[] = [
  ...['contacts', 'accounts', 'leads', 'projects'].map((table) => [table, 'customer_id', 'id'] as const),
  ...['customer_id', 'lead_id', 'contact_id', 'project_id'].map(
    (column) => ['interactions', column, 'occurred_at desc, id'] as const,
  ),
  ...['customer_id', 'lead_id', 'project_id'].map((column) => ['notes', column, 'created_at desc, id'] as const),
];

const rebuild = (where: string): string =>
  REFERENCES.map(
    ([table, column, rest]) => `
      drop index ${table}_${column};
      create index ${table}_${column} on ${table} (tenant_id, ${column}, ${rest}) ${where};`,
  ).join('');

/**
 * Lets the operator delete a whole tenant. The trail is append-only for the application and stays so; the platform role
 * may remove it, for the tenant of the transaction alone and only once that tenant is suspended, so that neither a slip
 * nor a request that runs meanwhile can thin out the trail of a tenant that works.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function tenant_is_suspended(tenant uuid) returns boolean language sql stable
      as $$ select exists (select from tenants t where t.id = tenant and t.suspended_at is not null) $$;

    -- A delete with a condition also reads, hence the policy and the one column for select.
    create policy erase_read on audit_log for select to rapport_platform
      using (tenant_id = current_tenant() and tenant_is_suspended(tenant_id));
    create policy erase on audit_log for delete to rapport_platform
      using (tenant_id = current_tenant() and tenant_is_suspended(tenant_id));
    grant select (tenant_id), delete on audit_log to rapport_platform;

    create policy suspended_first on tenants as restrictive for delete to rapport_platform
      using (id = current_tenant() and suspended_at is not null);
    grant delete on tenants to rapport_platform;
    ${rebuild('')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ${rebuild('where deleted_at is null')}
    revoke delete on tenants from rapport_platform;
    drop policy suspended_first on tenants;
    revoke select (tenant_id), delete on audit_log from rapport_platform;
    drop policy erase on audit_log;
    drop policy erase_read on audit_log;
    drop function tenant_is_suspended(uuid);
  `);
}
