import { may, ROLE_LABELS, ROLES } from '#src/kernel/access.ts';
import type { Ctx } from '#src/kernel/context.ts';
import type { AppError } from '#src/kernel/errors.ts';
import { formatInstant } from '#src/kernel/fields/dates.ts';
import { cell, EMPTY } from '#src/kernel/fields/field.ts';
import { errorsOf, input } from '#src/kernel/forms.ts';
import { initials } from '#src/kernel/presenters.ts';
import {
  type Body,
  button,
  entry,
  type Input,
  page,
  type Reply,
  Routes,
  redirect,
  wholeNumber,
} from '#src/kernel/routes.ts';
import type { Action, FormView } from '#src/kernel/views.ts';
import type { UsersView } from '#src/kernel/views_pages.ts';
import { dropFromStore } from '#src/modules/session/own_sessions.service.ts';
import { MANAGE_USERS } from './permissions.ts';
import {
  changeUser,
  countUsers,
  deactivateUser,
  getUser,
  listUsers,
  reactivateUser,
  type User,
} from './users.service.ts';

function userActions(ctx: Ctx, user: User): Action[] {
  if (user.deactivated_at) return [button(ctx, 'Open account', `/admin/users/${user.id}/reactivate`, 'user-check')];
  return user.id === ctx.actor.id ? [] : [button(ctx, 'Close account', `/admin/users/${user.id}/deactivate`, 'lock')];
}

function userRow(ctx: Ctx, user: User): UsersView['users'][number] {
  const [seen, exact] = user.last_sign_in_at ? formatInstant(user.last_sign_in_at, ctx.tenant) : ['', ''];
  const teams = user.teams.length ? ` · ${user.teams.join(', ')}` : '';
  return {
    id: user.id,
    href: `/admin/users/${user.id}`,
    name: user.name,
    email: user.email,
    initials: initials(user.name),
    role: cell('text', ROLE_LABELS[user.role] + teams),
    status: user.deactivated_at
      ? cell('badge', 'Closed', { tone: 'neutral' })
      : cell('badge', 'Active', { tone: 'green' }),
    seen: seen ? cell('date', seen, { title: exact }) : EMPTY,
    actions: userActions(ctx, user),
  };
}

async function list(ctx: Ctx): Promise<Reply> {
  const [users, counts] = [await listUsers(ctx), await countUsers(ctx)];
  const data: UsersView = {
    count: counts.closed ? `${counts.active} active, ${counts.closed} closed` : String(counts.active),
    invite: null,
    users: users.map((user) => userRow(ctx, user)),
  };
  return page('admin/users', data, 'Users');
}

function userForm(ctx: Ctx, user: User, typed: Body | null, problem: AppError | null): FormView {
  const role = typed ? entry(typed, 'role') : user.role;
  const details = problem?.details ?? {};
  const inputs = [
    input('select', 'role', 'Role', {
      required: true,
      value: role,
      options: ROLES.map((r) => ({ value: r, label: ROLE_LABELS[r], selected: r === role })),
      help: 'What this person may do, from their next click on.',
      error: details.role ?? '',
      autofocus: true,
    }),
    input('text', 'teams', 'Teams', {
      value: typed ? entry(typed, 'teams') : user.teams.join(', '),
      help: 'Separate with commas; a new name makes a new team. Members may see each other’s records where their role says “team”.',
      error: details.teams ?? '',
      max: 2_000,
    }),
  ];
  const errors = errorsOf(inputs);
  if (problem && !errors.length) errors.push({ id: 'field-role', label: 'Not saved', message: problem.message });
  return {
    base: '/admin/users',
    heading: `${user.name}, ${user.email}`,
    action: `/admin/users/${user.id}`,
    submit: 'Save role and teams',
    cancel: '/admin/users',
    hidden: [
      { name: '_csrf', value: ctx.csrf },
      { name: 'version', value: String(user.version) },
    ],
    errors,
    inputs,
  };
}

async function edit(ctx: Ctx, { params }: Input): Promise<Reply> {
  const user = await getUser(ctx, params.id ?? '');
  return page('_entity/form', userForm(ctx, user, null, null), user.name);
}

/** 'North, South ,north' -> North, South */
function namesIn(text: string): string[] {
  const names = new Map<string, string>();
  for (const part of text.split(',')) {
    const name = part.trim().replace(/\s+/g, ' ');
    if (name && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return [...names.values()];
}

async function save(ctx: Ctx, { params, body }: Input): Promise<Reply> {
  const id = params.id ?? '';
  await getUser(ctx, id);
  const version = wholeNumber(entry(body, 'version'), 'the version');
  await changeUser(ctx, id, { role: entry(body, 'role'), teams: namesIn(entry(body, 'teams')), version });
  return redirect('/admin/users', { text: 'Saved.', tone: 'green' });
}

async function saveRefused(ctx: Ctx, { params, body }: Input, error: AppError): Promise<Reply> {
  const user = await getUser(ctx, params.id ?? '');
  return page('_entity/form', userForm(ctx, user, body, error), user.name, { status: error.status });
}

async function deactivate(ctx: Ctx, request: Input): Promise<Reply> {
  const id = request.params.id ?? '';
  const { name } = await getUser(ctx, id);
  await dropFromStore(request.platform, await deactivateUser(ctx, id));
  return redirect('/admin/users', {
    text: `${name}’s account is closed; they are signed out everywhere.`,
    tone: 'green',
    undo: { label: 'Open it again', action: `/admin/users/${id}/reactivate` },
  });
}

async function reactivate(ctx: Ctx, { params }: Input): Promise<Reply> {
  const { name, id } = await getUser(ctx, params.id ?? '');
  await reactivateUser(ctx, id);
  return redirect('/admin/users', { text: `${name} can sign in again.`, tone: 'green' });
}

/** Who is here, in which role and teams. Nobody can set another person's password. */
export const userRoutes = new Routes()
  .get('/admin/users', may(MANAGE_USERS), list)
  .get('/admin/users/:id', may(MANAGE_USERS), edit)
  .post('/admin/users/:id', may(MANAGE_USERS), save, { refused: saveRefused })
  .post('/admin/users/:id/deactivate', may(MANAGE_USERS), deactivate)
  .post('/admin/users/:id/reactivate', may(MANAGE_USERS), reactivate);
