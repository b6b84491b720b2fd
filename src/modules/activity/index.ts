import { may } from '#src/kernel/access.ts';
import { conflictView } from '#src/kernel/conflict.ts';
import { type Ctx, can } from '#src/kernel/context.ts';
import { recordPage } from '#src/kernel/crud.ts';
import type { Entity } from '#src/kernel/entity.ts';
import { ConflictError, invalid } from '#src/kernel/errors.ts';
import { one } from '#src/kernel/list_query.ts';
import { defineModule } from '#src/kernel/module.ts';
import { recordTitle } from '#src/kernel/presenters.ts';
import { loadRecord } from '#src/kernel/records.ts';
import {
  button,
  entry,
  type Input,
  page,
  type Refused,
  type Reply,
  Routes,
  redirect,
  type Said,
  safePath,
  wholeNumber,
} from '#src/kernel/routes.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { completeTask, PENDING, reopenTask, setFollowUp } from './completion.service.ts';
import { interaction } from './interaction.entity.ts';
import { MY_DAY, myDayView } from './my_day.ts';
import { task } from './task.entity.ts';

const idOf = (input: Input) => input.params.id ?? '';

/** The version a button was made for; none with "Undo", which takes back whatever came of it. */
const versionOf = (input: Input) => {
  const text = entry(input.body, 'version');
  return text ? wholeNumber(text, 'the version') : null;
};

/** Back to where the button stood: "Undo" says it in its address, a form in an entry. */
function goBack(input: Input, entity: Entity, row: Row, said: Said): Reply {
  const back = entry(input.body, '_back') || one(input.query, 'back');
  return redirect(back ? safePath(back) : `/${entity.table}/${row.id}`, said);
}

/** Address that takes it back and returns to where the reader is. */
function undo(input: Input, address: string, state: Record<string, string>): Said['undo'] {
  const back = entry(input.body, '_back') || one(input.query, 'back');
  return { label: 'Undo', action: `${address}?${new URLSearchParams({ ...state, ...(back && { back }) })}` };
}

/** Somebody changed it meanwhile: their change and this one side by side, as when two people edit. */
const refused =
  (entity: Entity): Refused =>
  async (ctx, input, error) => {
    if (!(error instanceof ConflictError)) throw error;
    const view = await conflictView(ctx, entity, idOf(input), error);
    return page('_entity/conflict', view, view.heading, { status: 409 });
  };

async function complete(ctx: Ctx, input: Input): Promise<Reply> {
  const { row, was } = await completeTask(ctx, idOf(input), versionOf(input));
  const way = PENDING.includes(was) ? { undo: undo(input, `/tasks/${row.id}/reopening`, { status: was })! } : {};
  return goBack(input, task, row, { text: `“${recordTitle(task, row)}” is done.`, tone: 'green', ...way });
}

async function reopen(ctx: Ctx, input: Input): Promise<Reply> {
  const status = one(input.query, 'status') || 'open';
  if (!PENDING.includes(status)) throw invalid({ status: 'A task is taken up again as open or in progress.' });
  const { row } = await reopenTask(ctx, idOf(input), versionOf(input), status);
  return goBack(input, task, row, { text: `“${recordTitle(task, row)}” is to be done again.`, tone: 'green' });
}

async function followedUp(ctx: Ctx, input: Input): Promise<Reply> {
  const { row, was } = await setFollowUp(ctx, idOf(input), versionOf(input), null);
  const way = was ? { undo: undo(input, `/interactions/${row.id}/follow-up`, { day: was })! } : {};
  const text = `Nothing is left to follow up about “${recordTitle(interaction, row)}”.`;
  return goBack(input, interaction, row, { text, tone: 'green', ...way });
}

async function followUp(ctx: Ctx, input: Input): Promise<Reply> {
  await loadRecord(ctx, interaction, idOf(input));
  const day = interaction.fields.next_follow_up!.fromText(one(input.query, 'day'), ctx.tenant);
  if (!day.ok) throw invalid({ next_follow_up: day.message });
  const { row } = await setFollowUp(ctx, idOf(input), versionOf(input), day.value);
  return goBack(input, interaction, row, { text: `“${recordTitle(interaction, row)}” is to be followed up.` });
}

/** What is said and what is to be done: tasks are completed and taken up again, and everybody has a page of the day. */
export const activity = defineModule('activity', {
  nav: [{ section: 'Work', label: 'My day', href: MY_DAY, icon: 'list-check', access: may('task.read') }],
  routes: [
    new Routes()
      .get(MY_DAY, may('task.read'), async (ctx) => page('activity/my_day', await myDayView(ctx), 'My day'))
      .get(
        '/tasks/:id',
        may('task.read'),
        (ctx, input) =>
          recordPage(ctx, task, input, (view, row) => {
            if (row.deleted_at || !can(ctx, 'task.update')) return;
            const version = [{ name: 'version', value: view.version }];
            view.actions.push(
              PENDING.includes(String(row.status))
                ? button(ctx, 'Mark as done', `/tasks/${view.id}/completion`, 'check', version)
                : button(ctx, 'Reopen', `/tasks/${view.id}/reopening`, 'arrow-back-up', version),
            );
          }),
        { entity: 'task' },
      )
      .post('/tasks/:id/completion', may('task.update'), complete, { entity: 'task', refused: refused(task) })
      .post('/tasks/:id/reopening', may('task.update'), reopen, { entity: 'task', refused: refused(task) })
      .post('/interactions/:id/follow-up/completion', may('interaction.update'), followedUp, {
        entity: 'interaction',
        refused: refused(interaction),
      })
      .post('/interactions/:id/follow-up', may('interaction.update'), followUp, {
        entity: 'interaction',
        refused: refused(interaction),
      }),
  ],
});
