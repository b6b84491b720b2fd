import { audit } from '../../src/kernel/audit.ts';
import { acrossTenants } from '../../src/kernel/system_db.ts';
import type { Pools } from '../../src/platform/postgres.ts';
import { type Call, type Command, Failure } from './command.ts';
import { inTenant, newPassword, PASSWORD_OPTION, tenantNamed } from './operator.ts';
import { createUser, emailOf, nameOf } from './users.ts';

const SLUG = /^[a-z0-9][a-z0-9-]{1,40}$/;

interface Facts {
  slug: string;
  name: string;
  time_zone: string;
  locale: string;
  currency: string;
}

const fits = (make: () => unknown): boolean => {
  try {
    make();
    return true;
  } catch {
    return false;
  }
};

function factsOf(call: Call): Facts {
  const facts = {
    slug: call.option('slug'),
    name: nameOf(call.option('name')),
    time_zone: call.option('time-zone'),
    locale: call.option('locale'),
    currency: call.option('currency').toUpperCase(),
  };
  if (!SLUG.test(facts.slug)) throw new Failure('A slug has 2 to 41 small letters, digits and hyphens: acme, acme-2');
  if (!fits(() => new Intl.DateTimeFormat('en', { timeZone: facts.time_zone })))
    throw new Failure(`${facts.time_zone} is not a time zone; one is Europe/Berlin.`);
  if (!fits(() => new Intl.NumberFormat(facts.locale)) || !Intl.NumberFormat.supportedLocalesOf(facts.locale).length)
    throw new Failure(`${facts.locale} is not a locale; one is en-GB.`);
  if (!Intl.supportedValuesOf('currency').includes(facts.currency))
    throw new Failure(`${facts.currency} is not a currency; one is EUR.`);
  return facts;
}

/** The tenant and its first administrator. Cut short between the two, the same command finishes it. */
async function create(call: Call, pools: Pools): Promise<void> {
  const facts = factsOf(call);
  const [email, name] = [emailOf(call.option('admin-email')), nameOf(call.option('admin-name'))];
  const { password, shown } = await newPassword(call, [name, email, facts.name]);
  await acrossTenants(
    pools.platform,
    `insert into tenants (slug, name, time_zone, locale, currency) values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [facts.slug, facts.name, facts.time_zone, facts.locale, facts.currency],
  );
  const tenant = await tenantNamed(pools, facts.slug);
  await inTenant(pools, tenant, async (ctx) => {
    await ctx.db.run('select pg_advisory_xact_lock(hashtextextended(:tenant, 0))');
    const [somebody] = await ctx.db.from('users').select('id').limit(1);
    if (somebody) throw new Failure(`There is a tenant ${facts.slug} already.`);
    const changes = Object.fromEntries(Object.entries(facts).map(([key, v]) => [key, { old: null, new: v }]));
    await audit(ctx, 'created', { entity: 'tenant', id: tenant.id, title: facts.name }, changes);
    await createUser(ctx, { email, name, role: 'admin', password });
  });
  call.print(`${facts.name} (${facts.slug}) is ready; ${name} <${email}> is its administrator.`);
  if (shown) call.print(`password: ${password}`);
}

/** Nobody of a suspended tenant gets in, by session or token, from the next request on; its data stays. */
async function suspend(call: Call, pools: Pools, suspended: boolean): Promise<void> {
  const tenant = await tenantNamed(pools, call.option('tenant'));
  const word = suspended ? 'suspended' : 'active';
  if (Boolean(tenant.suspended_at) === suspended) {
    call.print(`${tenant.slug} is ${word} already.`);
    return;
  }
  await acrossTenants(
    pools.platform,
    'update tenants set suspended_at = case when $2 then now() end, updated_at = now() where id = $1',
    [tenant.id, suspended],
  );
  await inTenant(pools, tenant, (ctx) =>
    audit(
      ctx,
      'configured',
      { entity: 'tenant', id: tenant.id, title: tenant.name },
      { suspended: { old: !suspended, new: suspended } },
    ),
  );
  call.print(`${tenant.slug} is ${word}.`);
}

const TENANT = { tenant: { value: 'SLUG', required: true, help: 'which' } } as const;

export const TENANT_COMMANDS: readonly Command[] = [
  {
    words: 'tenant create',
    does: 'Makes a tenant with its first administrator and prints a password once.',
    options: {
      slug: { value: 'SLUG', required: true, help: 'short name, for addresses and commands' },
      name: { value: 'NAME', required: true, help: 'name of the company' },
      'admin-email': { value: 'ADDRESS', required: true, help: 'the first administrator' },
      'admin-name': { value: 'NAME', required: true, help: 'first and last name' },
      'time-zone': { value: 'ZONE', initial: 'UTC', help: 'where days begin' },
      locale: { value: 'LOCALE', initial: 'en-GB', help: 'how numbers and dates are written' },
      currency: { value: 'CODE', initial: 'EUR', help: 'of amounts' },
      ...PASSWORD_OPTION,
    },
    run: { kind: 'database', work: create },
  },
  {
    words: 'tenant suspend',
    does: 'Lets nobody of a tenant in any more; its data stays.',
    options: TENANT,
    run: { kind: 'database', work: (call, pools) => suspend(call, pools, true) },
  },
  {
    words: 'tenant resume',
    does: 'Lets them in again.',
    options: TENANT,
    run: { kind: 'database', work: (call, pools) => suspend(call, pools, false) },
  },
];
