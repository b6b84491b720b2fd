import type { Knex } from 'knex';

/** Live rows alone, and of fields that most records leave empty only those that have one, as 0009 made it everywhere. */
const index = (column: string, empty: 'never empty' | 'often empty') =>
  `create index tasks_${column} on tasks (tenant_id, ${column}, id)
     where deleted_at is null${empty === 'often empty' ? ` and ${column} is not null` : ''};`;

const sortIndex = (column: string, expression = column) =>
  `create index tasks_by_${column} on tasks (tenant_id, ${expression}, id) where deleted_at is null;`;

/**
 * Tasks, a record like the others (see 0002), whose `completed_at` follows the status by whatever way that is changed:
 * form, button, API, import or taking an import back.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    [
      `create table tasks (
        tenant_id uuid not null,
        id uuid not null default new_id(),
        created_at timestamptz not null default now(),
        created_by uuid,
        updated_at timestamptz not null default now(),
        updated_by uuid,
        version integer not null default 1,
        deleted_at timestamptz,
        custom jsonb not null default '{}' check (jsonb_typeof(custom) = 'object'),
        title text collate "und-x-icu" not null check (length(title) between 1 and 200),
        status text not null default 'open' check (status in ('open', 'in_progress', 'done', 'cancelled')),
        priority text not null default 'medium' check (priority in ('low', 'medium', 'high', 'urgent')),
        due_date date,
        assigned_to uuid,
        customer_id uuid,
        lead_id uuid,
        project_id uuid,
        completed_at timestamptz,
        description text,
        search_text text generated always as (fold(coalesce(title, '') || ' ' || coalesce(description, ''))) stored,
        primary key (tenant_id, id),
        foreign key (tenant_id, created_by) references users (tenant_id, id),
        foreign key (tenant_id, assigned_to) references users (tenant_id, id),
        foreign key (tenant_id, customer_id) references customers (tenant_id, id),
        foreign key (tenant_id, lead_id) references leads (tenant_id, id),
        foreign key (tenant_id, project_id) references projects (tenant_id, id),
        constraint tasks_done_at_some_time check ((status = 'done') = (completed_at is not null))
      );
      call protect_tenant_table('tasks');

      create function follow_task_status() returns trigger language plpgsql set search_path = public, pg_temp as $$
      begin
        if new.status <> 'done' then new.completed_at := null;
        elsif new.completed_at is null then new.completed_at := now();
        end if;
        -- Nobody else was named: it is the task of whoever adds it.
        if tg_op = 'INSERT' and new.assigned_to is null then new.assigned_to := new.created_by; end if;
        return new;
      end $$;
      create trigger follow_status before insert or update on tasks for each row execute function follow_task_status();

      create index tasks_trash on tasks (tenant_id, deleted_at desc, id) where deleted_at is not null;
      -- What somebody still has to do, and what is still to be done by a day: pages of a day and reports ask for these.
      create index tasks_to_do on tasks (tenant_id, assigned_to, due_date, id)
        where deleted_at is null and status in ('open', 'in_progress');
      create index tasks_upcoming on tasks (tenant_id, due_date, id)
        where deleted_at is null and status in ('open', 'in_progress');`,
      sortIndex('created_at'),
      sortIndex('updated_at'),
      sortIndex('title'),
      sortIndex('due_date', `(coalesce(due_date, '-infinity'::date))`),
      ...['status', 'priority'].map((column) => index(column, 'never empty')),
      ...['created_by', 'assigned_to', 'customer_id', 'lead_id', 'project_id', 'due_date', 'completed_at'].map(
        (column) => index(column, 'often empty'),
      ),
      `create index tasks_search on tasks using gin (tenant_id, search_text gin_trgm_ops) where deleted_at is null;
      create policy search on tasks for select to rapport_search using (true);
      grant select (tenant_id, id, search_text, deleted_at, created_by, assigned_to) on tasks to rapport_search;
      create function find_tasks(patterns text[], viewers uuid[], most integer) returns setof uuid
        language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
      declare t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
      begin
        if t is null then return; end if;
        return query with found as materialized (
          select x.id from tasks x
          where x.tenant_id = t and x.deleted_at is null and x.search_text like all (patterns)
            and (viewers is null or x.created_by = any (viewers) or x.assigned_to = any (viewers))
          limit most) select found.id from found;
      end $$;
      alter function find_tasks(text[], uuid[], integer) owner to rapport_search;
      revoke all on function find_tasks(text[], uuid[], integer) from public;
      grant execute on function find_tasks(text[], uuid[], integer) to rapport_app;

      create table task_tags (
        tenant_id uuid not null references tenants (id),
        task_id uuid not null,
        tag_id uuid not null,
        primary key (tenant_id, task_id, tag_id),
        foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
        foreign key (tenant_id, tag_id) references tags (tenant_id, id) on delete cascade
      );
      create index task_tags_tag on task_tags (tenant_id, tag_id, task_id);
      call protect_tenant_table('task_tags');

      -- Follow-ups somebody has promised, by day.
      create index interactions_to_follow_up on interactions (tenant_id, owner_id, next_follow_up, id)
        where deleted_at is null and next_follow_up is not null;`,
    ].join('\n'),
  );
}

/** Dropping the table drops what people entered; restore a backup instead. */
export async function down(): Promise<void> {
  throw new Error('0010_tasks cannot be undone; restore a backup instead');
}
