import { signedIn } from '#src/kernel/access.ts';
import { type Ctx, can } from '#src/kernel/context.ts';
import { allEntities, type Entity } from '#src/kernel/entity.ts';
import { cut } from '#src/kernel/fields/field.ts';
import { one } from '#src/kernel/list_query.ts';
import { defineModule } from '#src/kernel/module.ts';
import { recordTitle } from '#src/kernel/presenters.ts';
import { findRecords } from '#src/kernel/records.ts';
import { type Input, page, Routes } from '#src/kernel/routes.ts';
import { alongside } from '#src/kernel/tenant_db.ts';
import { dashboardNav, dashboardRoutes } from './dashboard.routes.ts';
import type { SearchView } from './views.ts';

const PER_GROUP = 8;

type Group = SearchView['groups'][number];

async function group(ctx: Ctx, entity: Entity, q: string): Promise<Group> {
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

/** The kinds that most searches are for are looked through at once; the others follow when those are shown. */
const FIRST = ['customer', 'contact', 'lead', 'project'];

/**
 * What the reader may see that contains the words, a group per kind of record. The address says whether it is the rest,
 * what is not among the first kinds, and whether those had nothing, so that this is all.
 */
async function searchView(ctx: Ctx, { platform, query }: Input): Promise<SearchView> {
  const [q, rest, alone] = [cut(one(query, 'q'), 200), one(query, 'in') === 'rest', !!one(query, 'alone')];
  const searched = allEntities().filter((entity) => entity.search.length && can(ctx, `${entity.name}.read`));
  const kinds = searched.filter(({ name }) => FIRST.includes(name) !== rest);
  const others = searched.filter((entity) => !kinds.includes(entity)).map(({ label }) => label[1].toLowerCase());
  // Each kind takes as long as all the rest of the page does, so the others do not wait for the first.
  const look = (entity: Entity, index: number) =>
    index ? alongside(platform.pools.app, ctx.db, (db) => group({ ...ctx, db }, entity, q)) : group(ctx, entity, q);
  const groups = q ? await Promise.all(kinds.map(look)) : [];
  const found = groups.filter((g) => g.rows.length);
  const address = new URLSearchParams({ q, in: 'rest', ...(found.length ? {} : { alone: '1' }) });
  const nothing = q
    ? `Nothing contains “${q}”. Try fewer or shorter words.`
    : 'Search customers, contacts, leads, projects and everything said about them by any part of a word.';
  const more = !!q && !rest && others.length > 0;
  return {
    q,
    groups: found,
    empty: found.length || more || (rest && !alone) ? '' : nothing,
    more_href: more ? `/search?${address}` : '',
    more_label: `Look in ${new Intl.ListFormat('en-GB').format(others)}`,
    back_href: rest ? `/search?${new URLSearchParams({ q })}` : '',
  };
}

/** The dashboard and the search over everything. */
export const home = defineModule('home', {
  nav: [dashboardNav],
  routes: [
    dashboardRoutes,
    new Routes().get('/search', signedIn(), async (ctx, input) => {
      const view = await searchView(ctx, input);
      return page('home/search', view, view.q ? `Search: ${view.q}` : 'Search', {
        fragments: { rest: { view: 'home/hits', data: view } },
      });
    }),
  ],
});
