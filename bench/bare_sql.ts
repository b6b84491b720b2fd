// What a list and a record of customers need from PostgreSQL at the very least: no row-level security, no rights, no names of
// people, no count.

/** The columns that our own list shows beside the name. */
export const LIST_COLUMNS = ['email', 'status', 'health', 'segment', 'owner_id', 'arr', 'renewal_date'] as const;

/** $1: tenant */
export const LIST_SQL = `select id, name, ${LIST_COLUMNS.join(', ')} from customers
  where tenant_id = $1 and deleted_at is null order by name, id limit 25`;

/** $1: tenant, $2: id */
export const RECORD_SQL = 'select * from customers where tenant_id = $1 and id = $2';
