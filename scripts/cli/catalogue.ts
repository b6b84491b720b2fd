import type { TenantDb } from '../../src/kernel/tenant_db.ts';
import { ROLES } from '../../src/platform/roles.ts';

/** A table with rows of tenants, as the database itself describes it. */
export interface TenantTable {
  name: string;
  columns: string[];
  key: string[];
  /** tables whose rows this one's point to */
  needs: string[];
  /** the application may delete from it; else only the platform role may */
  deletable: boolean;
}

/** Every table with tenant_id, read from the catalogue, so that a new one is exported and deleted without anyone asking. */
export async function tenantTables(db: TenantDb): Promise<TenantTable[]> {
  const rows = await db.run(
    `/* cli.tables */ select c.relname as name,
       array(select a.attname::text from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
       array(select a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
         where i.indrelid = c.oid and i.indisprimary order by array_position(i.indkey, a.attnum)) as key,
       array(select distinct f.confrelid::regclass::text from pg_constraint f
         where f.contype = 'f' and f.conrelid = c.oid and f.confrelid <> c.oid) as needs,
       has_table_privilege('${ROLES.app}', c.oid, 'delete') as deletable
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and exists (
       select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped)
     order by c.relname`,
  );
  return rows as unknown as TenantTable[];
}

/** What points before what it points to, so that deleting in this order never breaks a reference. @throws Error on a circle */
export function byDependency<T extends Pick<TenantTable, 'name' | 'needs'>>(tables: readonly T[]): T[] {
  const left = new Map(tables.map((table) => [table.name, table]));
  const ordered: T[] = [];
  while (left.size) {
    const needed = new Set([...left.values()].flatMap((table) => table.needs));
    const free = [...left.values()].filter((table) => !needed.has(table.name));
    if (!free.length) throw new Error(`these tables point to each other in a circle: ${[...left.keys()].join(', ')}`);
    for (const table of free) left.delete(table.name);
    ordered.push(...free);
  }
  return ordered;
}
