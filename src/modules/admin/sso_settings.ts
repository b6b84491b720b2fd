import { ROLES, type Role } from '#src/kernel/access.ts';
import { type Body, entry } from '#src/kernel/routes.ts';

/** What an administrator enters about the company's provider. */
export interface SsoSettings {
  name: string;
  issuer: string;
  client_id: string;
  /** '' keeps the stored one */
  client_secret: string;
  token_auth: 'basic' | 'post';
  email_domains: string[];
  just_in_time: boolean;
  default_role: Role;
  enabled: boolean;
  /** people who are no administrators may also use a password */
  password_sign_in: boolean;
}

/** Anybody can get an address there, so whoever claimed one of these would claim strangers. */
const PUBLIC_DOMAINS = new Set(
  `gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com gmx.de gmx.net
   gmx.at gmx.ch web.de t-online.de freenet.de proton.me protonmail.com mail.ru yandex.ru qq.com 163.com 126.com wp.pl
   o2.pl onet.pl interia.pl seznam.cz libero.it orange.fr free.fr laposte.net zoho.com mail.com`.split(/\s+/),
);

const DOMAIN =
  /^(?=.{4,253}$)[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)+$/u;

/** The form as settings; entries that make no sense are told by `problemsOf`. */
export function readSettings(body: Body): SsoSettings {
  const text = (name: string) => entry(body, name).trim();
  const role = ROLES.find((known) => known === text('default_role') && known !== 'admin');
  return {
    name: text('name'),
    issuer: text('issuer'),
    client_id: text('client_id'),
    client_secret: text('client_secret'),
    token_auth: text('token_auth') === 'post' ? 'post' : 'basic',
    email_domains: [...new Set(domainsIn(text('email_domains')))],
    just_in_time: text('just_in_time') === 'true',
    default_role: role ?? 'read_only',
    enabled: text('enabled') === 'true',
    password_sign_in: text('password_sign_in') === 'true',
  };
}

const domainsIn = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[\s,;]+/)
    .map((domain) => domain.replace(/^@/, ''))
    .filter(Boolean);

const within = (text: string, most: number): boolean => text.length >= 1 && text.length <= most;

/** What is wrong with settings by themselves, by field. @param keepsSecret a secret is stored and may stay */
export function problemsOf(settings: SsoSettings, keepsSecret: boolean): Record<string, string> {
  const problems: Record<string, string> = {};
  if (!within(settings.name, 100)) problems.name = 'Name it as people know it, for example "Okta" or "Acme account".';
  const issuer = URL.canParse(settings.issuer) ? new URL(settings.issuer) : null;
  if (!issuer || !/^https?:$/.test(issuer.protocol) || issuer.search || issuer.hash || settings.issuer.length > 500)
    problems.issuer = 'Enter the issuer as the provider gives it, for example https://login.example.com/tenant.';
  if (!within(settings.client_id, 500)) problems.client_id = 'Enter the client id the provider gave you.';
  if (settings.client_secret.length > 1_000) problems.client_secret = 'A secret has at most 1,000 letters.';
  if (!settings.client_secret && !keepsSecret)
    problems.client_secret = 'Enter the client secret. It is asked again whenever issuer or client id change.';
  const odd = settings.email_domains.find((domain) => !DOMAIN.test(domain));
  const shared = settings.email_domains.find((domain) => PUBLIC_DOMAINS.has(domain));
  if (odd) problems.email_domains = `"${odd.slice(0, 80)}" is not a domain. Write example.com.`;
  if (shared) problems.email_domains = `${shared} belongs to everybody. Enter domains of your own company.`;
  if (settings.email_domains.length > 50) problems.email_domains = 'At most 50 domains.';
  if (settings.just_in_time && !settings.email_domains.length)
    problems.email_domains = 'To add new people by themselves, say from which domains.';
  if (!settings.password_sign_in && !settings.enabled)
    problems.password_sign_in = 'Passwords can only be switched off while the company sign-in is on.';
  return problems;
}
