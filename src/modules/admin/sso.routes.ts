import type { Request } from 'express';
import { may, ROLE_LABELS, ROLES } from '#src/kernel/access.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { type AppError, notFound } from '#src/kernel/errors.ts';
import { formatInstant } from '#src/kernel/fields/dates.ts';
import { errorsOf, input } from '#src/kernel/forms.ts';
import { button, entry, type Input, page, type Reply, Routes, redirect, wholeNumber } from '#src/kernel/routes.ts';
import type { Action, FormView } from '#src/kernel/views.ts';
import type { SsoView } from '#src/kernel/views_pages.ts';
import { type Provider, providerOf } from '#src/modules/session/provider.service.ts';
import { callbackOf, type TestReport, testSignIn } from '#src/modules/session/sso_test.service.ts';
import { MANAGE_SSO } from './permissions.ts';
import { checkProvider, passwordsAllowed, saveProvider, unlinkedPeople } from './sso.service.ts';
import { readSettings, type SsoSettings } from './sso_settings.ts';

const EMPTY: SsoSettings = {
  name: '',
  issuer: '',
  client_id: '',
  client_secret: '',
  token_auth: 'basic',
  email_domains: [],
  just_in_time: false,
  default_role: 'read_only',
  enabled: false,
  password_sign_in: true,
};

interface Shown {
  provider: Provider | null;
  settings: SsoSettings;
  unlinked: number;
  problem: AppError | null;
}

const choice = (value: string, label: string, current: string) => ({ value, label, selected: value === current });

function ssoForm(ctx: Ctx, { provider, settings, unlinked, problem }: Shown): FormView {
  const wrong = problem?.details ?? {};
  const field = (
    control: Parameters<typeof input>[0],
    name: keyof SsoSettings,
    label: string,
    more: Partial<ReturnType<typeof input>>,
  ) => {
    const stored = settings[name];
    const value = Array.isArray(stored) ? stored.join(', ') : typeof stored === 'string' ? stored : '';
    return input(control, name, label, { value, checked: stored === true, error: wrong[name] ?? '', ...more });
  };
  const people = unlinked === 1 ? 'One person has' : `${unlinked} people have`;
  const inputs = [
    field('text', 'name', 'Name', { required: true, max: 100, help: 'As people know it; stands on the button.' }),
    field('url', 'issuer', 'Issuer', { required: true, max: 500, help: 'Everything else is read from there.' }),
    field('text', 'client_id', 'Client id', { required: true, max: 500 }),
    field('text', 'client_secret', 'Client secret', {
      value: '',
      required: !provider,
      max: 1_000,
      help: provider
        ? 'Stored and never shown again. Leave empty to keep it.'
        : 'Stored encrypted and never shown again.',
    }),
    field('select', 'token_auth', 'How the secret is sent', {
      required: true,
      options: [
        choice('basic', 'In the header (client_secret_basic)', settings.token_auth),
        choice('post', 'In the form (client_secret_post)', settings.token_auth),
      ],
    }),
    field('text', 'email_domains', 'E-mail domains', {
      max: 2_000,
      help: 'Who enters an address of these is sent to your provider. Separate with commas.',
    }),
    field('checkbox', 'just_in_time', 'Add new people when they first sign in', {
      help: 'Only with an address of these domains that the provider has verified.',
    }),
    field('select', 'default_role', 'Role of new people', {
      required: true,
      options: ROLES.filter((r) => r !== 'admin').map((r) => choice(r, ROLE_LABELS[r], settings.default_role)),
    }),
    field('checkbox', 'enabled', 'Company sign-in is on', { help: 'The provider is asked before this is saved.' }),
    field('checkbox', 'password_sign_in', 'Passwords work as well', {
      help: `Administrators can always use theirs, so that nobody is locked out for good. ${people} no link with the company sign-in yet and would have to wait for you.`,
    }),
  ];
  const errors = errorsOf(inputs);
  if (problem && !errors.length) errors.push({ id: 'field-name', label: 'Not saved', message: problem.message });
  return {
    base: '/admin/sso',
    heading: 'Provider',
    action: '/admin/sso',
    submit: 'Save company sign-in',
    cancel: '',
    hidden: [
      { name: '_csrf', value: ctx.csrf },
      { name: 'version', value: String(provider?.version ?? 0) },
    ],
    errors,
    inputs,
  };
}

function status(provider: Provider | null, passwords: boolean): SsoView['status'] {
  if (!provider) return { text: 'Not set up', tone: 'neutral' };
  if (!provider.enabled) return { text: 'Off', tone: 'amber' };
  return passwords ? { text: 'On, beside passwords', tone: 'green' } : { text: 'On, required', tone: 'green' };
}

interface More {
  problem?: AppError;
  typed?: SsoSettings;
  report?: TestReport | null;
}

async function ssoPage(ctx: Ctx, { platform }: Input, more: More = {}): Promise<Reply> {
  const provider = await providerOf(ctx.db);
  const passwords = await passwordsAllowed(ctx);
  const stored: SsoSettings = provider ? { ...provider, client_secret: '', password_sign_in: passwords } : EMPTY;
  const shown = {
    provider,
    settings: more.typed ?? stored,
    unlinked: await unlinkedPeople(ctx),
    problem: more.problem ?? null,
  };
  const actions: Action[] = provider
    ? [
        button(ctx, 'Check the provider', '/admin/sso/check', 'refresh'),
        button(ctx, 'Test sign-in', '/admin/sso/test', 'shield-lock'),
      ]
    : [];
  const report = more.report ?? null;
  const data: SsoView = {
    status: status(provider, passwords),
    redirect_uri: callbackOf(platform, ctx),
    form: ssoForm(ctx, shown),
    test: report && { ...report, when: formatInstant(report.at, ctx.tenant)[0] },
    actions,
  };
  return page('admin/sso', data, 'Single sign-on', { status: more.problem?.status ?? 200 });
}

async function save(ctx: Ctx, { body, platform }: Input): Promise<Reply> {
  const version = wholeNumber(entry(body, 'version'), 'the version');
  const settings = readSettings(body);
  if (settings.enabled) await platform.limits.consume('sso_check', ctx.tenant.id);
  await saveProvider(ctx, platform.config, settings, version);
  return redirect('/admin/sso', { text: 'Saved.', tone: 'green' });
}

async function check(ctx: Ctx, request: Input): Promise<Reply> {
  const { platform } = request;
  await platform.limits.consume('sso_check', ctx.tenant.id);
  const provider = await providerOf(ctx.db);
  if (!provider) throw notFound('There is no provider to check. Enter and save one first.');
  const checks = await checkProvider(platform.config, provider);
  const good = checks.every((line) => line.ok);
  const outcome = good ? 'The provider can be used. Next: a test sign-in.' : 'Mend this and check again.';
  return ssoPage(ctx, request, { report: { at: new Date().toISOString(), checks, claims: [], outcome } });
}

/** Setting up the company's own sign-in. */
export const ssoRoutes = new Routes()
  .get('/admin/sso', may(MANAGE_SSO), (ctx, request) =>
    ssoPage(ctx, request, { report: (request.request as Request).session?.sso_test ?? null }),
  )
  .post('/admin/sso', may(MANAGE_SSO), save, {
    refused: (ctx, request, problem) => ssoPage(ctx, request, { problem, typed: readSettings(request.body) }),
  })
  .post('/admin/sso/check', may(MANAGE_SSO), check)
  .post('/admin/sso/test', may(MANAGE_SSO), testSignIn);
