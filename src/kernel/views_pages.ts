/** What the pages that are written by hand are given: sign-in, administration, reports. As in views.ts, all is final text. */

import type { Action, Cell, FormView, Hidden, InputView, Link, ListColumn, Tone } from '#src/kernel/views.ts';

/** session/sign_in.ejs, in the bare frame. One form with e-mail and password; the domain may offer a provider as well. */
export interface SignInView {
  action: string;
  hidden: Hidden[];
  email: string;
  /** The same sentence for every cause, so that it does not tell who has an account. */
  error: string;
  /** 'You have been signed out.' */
  notice: string;
  /** Where the form goes with the e-mail when 'Use single sign-on' is pressed; '' when no tenant has a provider. */
  sso_action: string;
  /** Set once the e-mail's domain is known to have a provider: 'Continue with Okta'. */
  provider: Link | null;
  /** The provider is required for this domain: no password field. */
  provider_only: boolean;
  reset_href: string;
}

/** session/choose_tenant.ejs, in the bare frame; posts `tenant_id`. */
export interface ChooseTenantView {
  action: string;
  hidden: Hidden[];
  tenants: { id: string; name: string; initials: string; role: string; current: boolean }[];
}

/** session/sessions.ejs: where the person is signed in. */
export interface SessionsView {
  sessions: {
    /** 'Firefox on Windows' */
    device: string;
    /** Address and place, as far as known. */
    where: string;
    seen: string;
    seen_exact: string;
    current: boolean;
    end: Action | null;
  }[];
  end_others: Action | null;
}

/** admin/users.ejs */
export interface UsersView {
  count: string;
  invite: FormView | null;
  users: {
    id: string;
    href: string;
    name: string;
    email: string;
    initials: string;
    role: Cell;
    status: Cell;
    seen: Cell;
    actions: Action[];
  }[];
}

/** admin/sso.ejs: set up, test, then switch on. */
export interface SsoView {
  status: { text: string; tone: Tone };
  /** To be copied into the provider, exactly. */
  redirect_uri: string;
  form: FormView;
  /** Result of the last test sign-in; null before one. */
  test: {
    when: string;
    checks: { text: string; ok: boolean; reason: string }[];
    claims: { name: string; value: string }[];
    outcome: string;
  } | null;
  /** Test, enable, require, switch off: whatever is possible now. */
  actions: Action[];
}

/** reports/index.ejs */
export interface ReportsView {
  groups: { label: string; reports: { href: string; title: string; text: string; icon: string }[] }[];
}

/** Drawn by app.js; a presenter gives `JSON.stringify(data satisfies ChartData)`. */
export interface ChartData {
  /** bars lie (categories; several series add up), columns stand (time), stacks are columns on top of each other, lines are trends, a doughnut shows shares of a whole (one series), a funnel what is left of a number step by step (one series). */
  kind: 'bars' | 'columns' | 'stacks' | 'lines' | 'doughnut' | 'funnel';
  labels: string[];
  /** `texts` are the values as people read them; they are written at the bars. */
  series: {
    label: string;
    values: number[];
    texts: string[] /** the list behind each; '' for none */;
    hrefs?: string[];
  }[];
  /** What stands at the end of each bar, such as the sum of its parts; left out: the texts of a single series. */
  ends?: string[];
}

export interface ReportTile {
  label: string;
  figure: string;
  /** List behind the figure; it adds up to it. */
  href: string;
  /** '+12 % than in October'; '' without comparison. */
  change: string;
  direction: 'up' | 'down' | 'flat';
  tone: Tone;
}

export interface ReportTable {
  title: string;
  columns: ListColumn[];
  /** First cell of a row is its head. A figure is a cell of kind link or of kind number with an address. */
  rows: Cell[][];
  total: Cell[] | null;
  empty: string;
}

/** reports/report.ejs, also on paper. */
export interface ReportView {
  heading: string;
  text: string;
  back_href: string;
  /** On paper: tenant, period, filters, time zone, printed when and by whom. */
  title_block: { label: string; value: string }[];
  action: string;
  presets: { label: string; href: string; current: boolean }[];
  controls: InputView[];
  /** State the form must keep (sort, a period without days). */
  keep: Hidden[];
  tiles: ReportTile[];
  /** `text` says in words what the chart shows. */
  charts: { title: string; text: string; json: string }[];
  tables: ReportTable[];
  computed: { term: string; text: string }[];
  exports: Link[];
  /** '14 rows, all of them.' */
  note: string;
  /** Where to ask again while it is being computed; '' when it is there. */
  waiting_href: string;
}

declare module '#src/kernel/views.ts' {
  interface Views {
    'session/sign_in': SignInView;
    'session/choose_tenant': ChooseTenantView;
    'session/sessions': SessionsView;
    'admin/users': UsersView;
    'admin/sso': SsoView;
    '_part/notes': { notes: { tone: Tone; text: string }[] };
    'reports/index': ReportsView;
    'reports/report': ReportView;
    '_report/tile': ReportTile;
    '_report/table': ReportTable;
  }
}
