import type { Rule } from './access.ts';
import { type Ctx, viewers } from './context.ts';
import { type Entity, entityNamed } from './entity.ts';
import type { Query } from './tenant_db.ts';

/** The widest rule the actor's role has on an entity; null: none at all. */
export const widestRule = (ctx: Ctx, entity: Entity): Rule | null => entity.access.read[ctx.actor.role] ?? null;

const WIDTH: Record<Rule, number> = { own: 0, team: 1, all: 2 };

/** The scopes a list offers the actor, narrowest first. */
export function scopes(ctx: Ctx, entity: Entity): Rule[] {
  const widest = widestRule(ctx, entity);
  if (!widest) return [];
  const teams = ctx.actor.team.length > 1;
  return (['own', 'team', 'all'] as const).filter((r) => WIDTH[r] <= WIDTH[widest] && (r !== 'team' || teams));
}

/** What a list shows when nobody chose: administrators see their own, everybody else what their rule reaches. */
export const defaultScope = (ctx: Ctx, entity: Entity): Rule =>
  ctx.actor.role === 'admin' ? 'own' : (widestRule(ctx, entity) ?? 'own');

/** The narrower of what was asked for and what the role allows. */
export function allowedScope(ctx: Ctx, entity: Entity, asked: Rule): Rule {
  const widest = widestRule(ctx, entity) ?? 'own';
  return WIDTH[asked] <= WIDTH[widest] ? asked : widest;
}

/**
 * Narrows a query on the entity's rows (aliased `alias`) to those a rule reaches: created by or assigned to the actor or
 * the actor's team, or hanging on a record that is.
 */
export function applyRule(ctx: Ctx, entity: Entity, query: Query, rule: Rule | null, alias = entity.table): Query {
  if (rule === null) return query.whereRaw('false');
  const ids = viewers(ctx, rule);
  if (ids === null) return query;
  return query.where((any) => {
    for (const column of ['created_by', ...entity.owners]) any.orWhereIn(`${alias}.${column}`, [...ids]);
    for (const field of entity.through) {
      const parent = entityNamed(entity.fields[field]?.to ?? '');
      const parentRule = widestRule(ctx, parent) && allowedScope(ctx, parent, rule ?? 'own');
      const its = `${alias}_${field}`;
      // Asked of each row, so that a page of a list looks up its own parents and not all that somebody owns.
      const inner = ctx.db
        .from(parent.table, its)
        .select(ctx.db.sql('1'))
        .whereRaw(`${its}.id = ${alias}.${field}`)
        .whereNull(`${its}.deleted_at`);
      any.orWhereExists(applyRule(ctx, parent, inner, parentRule, its) as never);
    }
  });
}

/** Live rows of an entity that the actor may see under the widest rule. */
export const visible = (ctx: Ctx, entity: Entity, label = `${entity.name}.visible`): Query =>
  applyRule(ctx, entity, ctx.db.from(entity.table, entity.table, label), widestRule(ctx, entity)).whereNull(
    `${entity.table}.deleted_at`,
  );
