import { signedIn } from '#src/kernel/access.ts';
import { type Ctx, can } from '#src/kernel/context.ts';
import { allEntities, type Entity } from '#src/kernel/entity.ts';
import { one } from '#src/kernel/list_query.ts';
import { defineModule } from '#src/kernel/module.ts';
import { recordTitle } from '#src/kernel/presenters.ts';
import { findRecords } from '#src/kernel/records.ts';
import { page, Routes } from '#src/kernel/routes.ts';
import type { SearchView } from '#src/kernel/views.ts';
import { dashboardNav, dashboardRoutes } from './dashboard.routes.ts';

const PER_GROUP = 8;

async function group(ctx: Ctx, entity: Entity, q: string): Promise<SearchView['groups'][number]> {
  const rows = await findRecords(ctx, entity, q, PER_GROUP);
  const second = ['email', 'company', 'account_number', 'city'].find((name) => entity.fields[name]) ?? '';
  return {
    label: entity.label[1],
    all_href: `/${entity.table}?q=${encodeURIComponent(q)}&scope=all`,
    rows: rows.map((row) => ({
      href: `/${entity.table}/${row.id}`,
      title: recordTitle(entity, row),
      subtitle: String(row[second] ?? ''),
    })),
  };
}

/** Everything the reader may see that contains the words, a group per kind of record. */
async function searchView(ctx: Ctx, q: string): Promise<SearchView> {
  const searched = allEntities().filter((entity) => entity.search.length && can(ctx, `${entity.name}.read`));
  const groups = q ? await Promise.all(searched.map((entity) => group(ctx, entity, q))) : [];
  const found = groups.filter((g) => g.rows.length);
  const empty = q
    ? `Nothing contains “${q}”. Try fewer or shorter words.`
    : 'Search customers, contacts, leads, projects and everything said about them by any part of a word.';
  return { q, groups: found, empty: found.length ? '' : empty };
}

/** The dashboard and the search over everything. */
export const home = defineModule('home', {
  nav: [dashboardNav],
  routes: [
    dashboardRoutes,
    new Routes().get('/search', signedIn(), async (ctx, input) => {
      const view = await searchView(ctx, one(input.query, 'q').slice(0, 200));
      return page('_part/search', view, view.q ? `Search: ${view.q}` : 'Search');
    }),
  ],
});
