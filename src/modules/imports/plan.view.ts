import { type Ctx, can } from '#src/kernel/context.ts';
import type { Entity } from '#src/kernel/entity.ts';
import type { RawQuery } from '#src/kernel/list_query.ts';
import { button } from '#src/kernel/routes.ts';
import type { Action } from '#src/kernel/views.ts';
import { importHead } from './imports.view.ts';
import type { Choices, Import } from './model.ts';
import { mayMove } from './move.ts';
import { plannerOf } from './plan.ts';
import { filterOf, outcomeTiles, rowsPage } from './plan_page.ts';
import { isNamePart, isRecordTarget, matchLabel } from './targets.ts';
import type { PlanView } from './views.ts';
import { things } from './words.ts';

/** 'external id, e-mail': what the rows of this import are known by, in the order in which it is tried. */
export function knownBy(found: Import, entity: Entity): string {
  const fields = new Set((found.mapping ?? []).map(({ field }) => (isNamePart(field) ? entity.title : field)));
  const keys = (found.choices as Choices).match.filter((key) => fields.has(key));
  const named = (found.mapping ?? []).some(({ field }) => isRecordTarget(field)) ? ['the id of its export'] : [];
  return [...named, ...keys.map((key) => matchLabel(entity, key).toLowerCase())].join(', ');
}

const commitButton = (ctx: Ctx, found: Import, label: string): Action => ({
  ...button(ctx, label, `/imports/${found.id}/commit`, 'check', [{ name: 'run', value: String(found.run) }]),
  tone: 'accent',
});

/** Tiles over the rows; nothing has been written yet. */
export async function planView(ctx: Ctx, found: Import, entity: Entity, query: RawQuery): Promise<PlanView> {
  const writes = found.created + found.updated;
  const allowed = mayMove(ctx, { ...found, move: 1 }, plannerOf(ctx, found));
  const known = knownBy(found, entity);
  return {
    head: importHead(found, 2),
    noun: entity.label[0],
    tiles: outcomeTiles(found, filterOf(query)),
    notes: [],
    ...(await rowsPage(ctx, found, entity, query)),
    errors_href: found.failed ? errorsAddress(found) : '',
    back: { label: 'Back to the columns', href: `/imports/${found.id}?step=columns`, icon: '' },
    commit: writes && allowed ? commitButton(ctx, found, `Import ${things(entity, writes)}`) : null,
    commit_note: !writes
      ? 'No row would change anything, so there is nothing to import.'
      : allowed
        ? `Nothing is written until then. Known by: ${known || 'nothing, so every row is new'}.`
        : 'Your role may not write all of this. Ask a colleague who may to import it.',
  };
}

/** Where the rows with errors are downloaded; '' when they were removed. */
export const errorsAddress = (found: Import): string => (found.purged_at ? '' : `/imports/${found.id}/errors.xlsx`);

/** Rows behind a figure of the result; those that wait for a second look can be imported from here. */
export async function resultRowsView(
  ctx: Ctx,
  found: Import,
  entity: Entity,
  query: RawQuery,
  sum: string,
): Promise<PlanView> {
  const filter = filterOf(query);
  const again = filter === 'review' && found.review > 0 && found.state === 'committed' && found.move === 1;
  const allowed = can(ctx, `${entity.name}.create`) && can(ctx, `${entity.name}.update`);
  return {
    head: importHead(found, 3),
    noun: entity.label[0],
    tiles: outcomeTiles(found, filter),
    notes: [{ tone: 'neutral', text: sum }],
    ...(await rowsPage(ctx, found, entity, query)),
    errors_href: filter === 'error' && found.failed ? errorsAddress(found) : '',
    back: { label: 'Back to the result', href: `/imports/${found.id}`, icon: '' },
    commit: again && allowed ? commitButton(ctx, found, `Import ${things(entity, found.review)}`) : null,
    commit_note: again ? 'Struck through is what stands in Rapport now; beside it stands what will be written.' : '',
  };
}
