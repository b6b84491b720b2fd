import { asOfVersion } from './audit.ts';
import type { Ctx } from './context.ts';
import { type Entity, fieldLabel } from './entity.ts';
import type { ConflictError } from './errors.ts';
import type { Value } from './fields/field.ts';
import { hiddenFields } from './forms.ts';
import { fieldCell, recordTitle } from './presenters.ts';
import { titlesOf } from './records.ts';
import type { Row } from './tenant_db.ts';
import type { ConflictView } from './views.ts';

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/**
 * What each side did to a record that two people edited: how it was, theirs, yours, for every field that differs now.
 * Where only one side changed a field, that side is chosen; where both did, theirs stands until the person decides.
 */
export async function conflictView(ctx: Ctx, entity: Entity, id: string, error: ConflictError): Promise<ConflictView> {
  const { current, yours, base_version } = error;
  const original = await asOfVersion(ctx, entity, current, base_version);
  const mine: Row = { ...current, ...yours };
  const names = Object.keys(yours).filter((name) => entity.fields[name] && !same(current[name], yours[name]));
  const titles = await titlesOf(ctx, entity, [current, mine, original]);
  const text = (name: string, row: Row) => {
    const field = entity.fields[name]!;
    const value = (row[name] ?? null) as Value;
    if (value === null) return '';
    return field.kind === 'ref' ? String(value) : field.toText(value, ctx.tenant);
  };
  return {
    heading: `${recordTitle(entity, current)} was changed while you were editing`,
    text: 'Choose for each entry what shall stand. Nothing has been overwritten.',
    action: `/${entity.table}/${id}`,
    cancel: `/${entity.table}/${id}`,
    hidden: hiddenFields(ctx, { version: String(current.version) }),
    rows: names.map((name) => {
      const theyChanged = !same(original[name], current[name]);
      const iChanged = !same(original[name], yours[name]);
      return {
        name,
        label: fieldLabel(entity, name),
        original: fieldCell(ctx, entity, name, original, titles),
        theirs: fieldCell(ctx, entity, name, current, titles),
        yours: fieldCell(ctx, entity, name, mine, titles),
        clash: theyChanged && iChanged,
        choice: iChanged && !theyChanged ? ('yours' as const) : ('theirs' as const),
        yours_value: text(name, mine),
        theirs_value: text(name, current),
      };
    }),
  };
}
