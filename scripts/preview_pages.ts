/** More data for scripts/preview.ts: the pages written by hand. */
import { input } from '#src/kernel/forms.ts';
import type { Action, Link, Tone } from '#src/kernel/views.ts';
import type {
  ChartData,
  ReportsView,
  ReportView,
  SessionsView,
  SignInView,
  SsoView,
  UsersView,
} from '#src/kernel/views_pages.ts';
import type {
  ImportHead,
  ImportsView,
  MappingView,
  PlanView,
  ProgressView,
  ReadingView,
  ResultView,
  Step,
} from '#src/modules/imports/views.ts';
import { cell, type Sample } from './preview_samples.ts';

const csrf = [{ name: '_csrf', value: 'preview' }];
const act = (label: string, icon = '', tone: Tone = 'neutral'): Action => ({
  label,
  action: '/x',
  icon,
  tone,
  hidden: csrf,
});

const signIn: SignInView = {
  action: '/sign-in-error',
  hidden: csrf,
  email: '',
  error: '',
  notice: '',
  sso_action: '/sign-in-provider',
  provider: null,
  provider_only: false,
  reset_href: '/x',
};

const sessions: SessionsView = {
  sessions: [
    { device: 'Firefox on Windows', where: '83.12.4.7, Gdańsk', seen: 'now', seen_exact: '', current: true, end: null },
    {
      device: 'Safari on iPhone',
      where: '83.12.4.7, Gdańsk',
      seen: '2 hours ago',
      seen_exact: '21 Nov 2026 07:12',
      current: false,
      end: act('End'),
    },
  ],
  end_others: act('End all others'),
};

const users: UsersView = {
  count: '14',
  invite: {
    base: '',
    heading: 'Invite a person',
    action: '/x',
    submit: 'Send invitation',
    cancel: '',
    hidden: csrf,
    errors: [],
    inputs: [input('email', 'email', 'E-mail', { required: true })],
  },
  users: ['Anna Novak', 'Łukasz Wójcik', 'Bartholomew Featherstonehaugh-Cholmondeley'].map((name, i) => ({
    id: `u${i}`,
    href: '/x',
    name,
    email: `user${i}@acme.example`,
    initials: 'AN',
    role: cell('text', ['Admin', 'Sales', 'Customer success manager'][i]),
    status: i === 2 ? cell('badge', 'Invited', { tone: 'amber' }) : cell('badge', 'Active', { tone: 'green' }),
    seen: i === 2 ? cell('empty') : cell('date', 'yesterday', { title: '20 Nov 2026' }),
    actions: [act('Deactivate')],
  })),
};

const sso: SsoView = {
  status: { text: 'Tested, not switched on', tone: 'amber' },
  redirect_uri: 'https://rapport.acme.example/login/oidc/0192f1c3-7c1e-7b5a-9a51-8c3d8f0a1f2e/callback',
  form: {
    base: '',
    heading: '',
    action: '/x',
    submit: 'Save',
    cancel: '',
    hidden: csrf,
    errors: [],
    inputs: [
      input('url', 'issuer', 'Issuer', { required: true, value: 'https://login.example.com/acme/v2.0' }),
      input('text', 'client_id', 'Client id', { required: true, value: 'rapport' }),
      input('text', 'client_secret', 'Client secret', { help: 'Stored encrypted and never shown again.' }),
    ],
  },
  test: {
    when: '4 minutes ago',
    checks: [
      { text: 'Discovery document found', ok: true, reason: '' },
      { text: 'ID token signed with a key of the provider', ok: true, reason: '' },
      { text: 'E-mail is verified', ok: false, reason: 'email_verified was "false"' },
    ],
    claims: [
      { name: 'sub', value: '00u1a2b3c4d5' },
      { name: 'email', value: 'anna.novak@acme.example' },
    ],
    outcome: 'Would sign in as Anna Novak with the role Sales.',
  },
  actions: [act('Test sign-in', 'eye'), act('Switch on as optional', 'check')],
};

const steps = (current: number): Step[] =>
  ['Upload', 'Columns', 'Plan', 'Import', 'Result'].map((label, i) => ({
    label,
    href: i < current ? '/mapping' : '',
    state: i < current ? 'done' : i === current ? 'current' : 'ahead',
  }));
const head = (current: number): ImportHead => ({
  heading: 'Import customers',
  subtitle: 'customers-2026.xlsx · sheet Clients · 412 rows',
  steps: steps(current),
});

const imports: ImportsView = {
  new_href: '/import-new',
  rows: [
    {
      href: '/result',
      file: 'customers-2026.xlsx',
      kind: 'Customers',
      state_note: 'by Anna Novak',
      who: 'Anna Novak',
      when: 'today 09:12',
      when_exact: '21 Nov 2026 09:12',
      state: cell('badge', 'Imported', { tone: 'green' }),
      counts: '412 rows: 300 created, 80 updated',
    },
    {
      href: '/plan',
      file: 'Kunden (Kopie von Kopie) endgültig v3 FINAL.xlsx',
      kind: 'Customers',
      state_note: '',
      who: 'Łukasz Wójcik',
      when: 'yesterday',
      when_exact: '20 Nov 2026',
      state: cell('badge', 'Waiting for your decision', { tone: 'amber' }),
      counts: '1,204 rows',
    },
  ],
  pager: { label: '2 shown', prev_href: '', next_href: '', count_href: '', exact_href: '', total: '2', sizes: [] },
};

const targets = ['Do not import', 'Name', 'E-mail', 'Status', 'Renewal date'];
const options = (selected: number) =>
  targets.map((label, i) => ({ value: String(i), label, selected: i === selected }));
const reading: ReadingView = {
  heading: 'How the file is read',
  said: 'Clients · Unicode (UTF-8) · columns named in row 2',
  open: false,
  action: '/x',
  preview_href: '/import-preview',
  csrf: 'preview',
  hidden: [],
  inputs: [
    input('select', 'encoding', 'Character set', {
      required: true,
      options: [{ value: '', label: 'As detected: Central European (Windows-1250)', selected: true }],
    }),
    input('select', 'delimiter', 'Columns are separated by', {
      required: true,
      options: [{ value: '', label: 'As detected: Semicolon  ;', selected: true }],
    }),
  ],
  first_rows: {
    header: input('select', 'header_row', 'The columns are named in', {
      required: true,
      options: [{ value: '', label: 'Found by itself: row 2', selected: true }],
      help: 'Rows above it are left out.',
    }),
    label: 'First rows of Clients',
    rows: [
      { number: '1', state: 'above', note: 'left out', cells: ['Klienci 2026', '', ''] },
      { number: '2', state: 'header', note: 'names the columns', cells: ['Nazwa klienta', 'E-mail', 'Typ'] },
      { number: '3', state: 'row', note: '', cells: ['Aurora Hospitality Group', 'office@aurora.example', 'Klient'] },
    ],
    notes: [],
    error: '',
  },
};
const mapping: MappingView = {
  head: head(1),
  action: '/x',
  hidden: csrf,
  errors: [{ id: 'map-3', label: 'Odnowienie', message: 'Choose which comes first, the day or the month.' }],
  notes: [{ tone: 'amber', text: 'Some characters of this file are not in the character set of the rest.' }],
  like: {
    text: 'Matched as on 3 March by Anna Novak for the same columns.',
    action: act('Start from the guess instead'),
  },
  reading,
  columns: [
    ['A', 'Nazwa klienta', ['Aurora Hospitality Group', 'Baltic Freight & Logistics', 'Čapek Brewing'], 1],
    ['B', 'E-mail', ['office@aurora.example', '<script>alert(1)</script>'], 2],
    ['C', 'Typ', ['Klient', 'Prospekt', 'Były'], 3],
    ['D', 'Odnowienie', ['03.04.2026', '05.06.2026'], 4],
    ['E', 'Uwagi wewnętrzne', [], 0],
  ].map(([letter, header, samples, target], i) => ({
    name: `map[${i}]`,
    id: `map-${i}`,
    letter: letter as string,
    header: header as string,
    samples: samples as string[],
    fixed: '',
    groups: [
      { label: '', options: options(target as number) },
      { label: 'Contact', options: [{ value: 'contact.email', label: 'Contact: e-mail', selected: false }] },
    ],
    when: {
      id: `when-${i}`,
      name: `when[${i}]`,
      options: [{ value: '', label: 'overwrites what is there', selected: true }],
    },
    note: i === 0 ? 'Guessed from the header.' : '',
    error: i === 3 ? 'Choose which comes first, the day or the month.' : '',
    details:
      i === 2
        ? [
            input('select', 'v1', 'Klient', {
              required: true,
              options: [{ value: 'a', label: 'Active', selected: true }],
            }),
            input('select', 'v2', 'Prospekt', {
              required: true,
              options: [{ value: 'p', label: 'Prospect', selected: true }],
            }),
          ]
        : [],
    details_label: i === 2 ? '3 values, all matched' : '',
    details_open: false,
  })),
  choices: [
    input('select', 'mode', 'What may happen', {
      required: true,
      options: [{ value: 'both', label: 'Create new and update existing', selected: true }],
    }),
    input('select', 'match', 'A row is the same customer when', {
      required: true,
      options: [{ value: 'email', label: 'E-mail is equal, else name and city', selected: true }],
    }),
  ],
  defaults: [input('ref', 'owner', 'Owner', { lookup: '/lookup' })],
  submit: 'Show what will happen',
  cancel: act('Discard this import', 'trash'),
};

const tile = (label: string, count: string, tone: Tone, current = false) => ({
  id: `rows-${label.toLowerCase()}`,
  label,
  count,
  href: '/plan',
  current,
  tone,
});
const tiles = [
  tile('Create', '300', 'green'),
  tile('Update', '80', 'accent', true),
  tile('Unchanged', '20', 'neutral'),
  tile('Skip', '7', 'amber'),
  tile('Error', '5', 'red'),
];
const COLUMNS = ['Status', 'E-mail', 'Renewal date', 'Owner'];
/** What a row shows in each column: as it is, changed, or at fault. */
const cells = (
  ...texts: (string | { old: string; text: string } | { wrong: string })[]
): PlanView['rows'][0]['cells'] =>
  texts.map((said, i) => {
    const [label, old] = [COLUMNS[i]!, ''];
    if (typeof said === 'string') return { label, old, text: said, state: 'plain' };
    return 'wrong' in said ? { label, old, text: said.wrong, state: 'wrong' } : { label, ...said, state: 'changed' };
  });
const plan: PlanView = {
  noun: 'Customer',
  head: head(2),
  tiles,
  notes: [{ tone: 'amber', text: 'Rows 14 and 208 are the same customer; the later one wins.' }],
  columns: COLUMNS,
  rows: [
    {
      id: 'row-14',
      number: '14',
      edit_href: '',
      next: false,
      lines: [{ label: 'Contact', old: '', text: 'Anna Berg, anna@aurora.example' }],
      title: 'Aurora Hospitality Group',
      href: '/record',
      outcome: cell('badge', 'Update', { tone: 'accent' }),
      cells: cells(
        { old: 'Prospect', text: 'Active' },
        'office@aurora.example',
        { old: '', text: '3 Apr 2026' },
        'Anna Novak',
      ),
      message: '',
    },
    {
      id: 'row-15',
      number: '15',
      edit_href: '',
      next: false,
      lines: [],
      title: 'Baltic Freight & Logistics',
      href: '/record',
      outcome: cell('badge', 'Update', { tone: 'accent' }),
      cells: cells('Active', { old: 'old@baltic.example', text: 'new@baltic.example' }, '', ''),
      message: 'Found by name and city.',
    },
    {
      id: 'row-208',
      number: '208',
      edit_href: '/plan-row',
      next: false,
      lines: [],
      title: 'Čapek Brewing',
      href: '',
      outcome: cell('badge', 'Error', { tone: 'red' }),
      cells: cells('Active', '', { wrong: '31/02/2024' }, ''),
      message: 'Renewal date: the date 31/02/2024 does not exist.',
    },
  ],
  empty: '',
  pager: {
    label: '1–25 of 80',
    prev_href: '',
    next_href: '/plan',
    count_href: '',
    exact_href: '',
    total: '80',
    sizes: [],
  },
  errors_href: '/x',
  back: { label: 'Back to the columns', href: '/mapping', icon: '' },
  commit: act('Import 380 customers', '', 'accent'),
  commit_note: 'It can be undone for 30 days.',
};

const progress: ProgressView = {
  head: head(3),
  percent: 42,
  text: 'Writing row 173 of 412',
  poll_href: '/import-progress',
  events_href: '/import-events',
  note: 'You can leave this page; the import goes on, and the list of imports shows how far it is.',
};

const result: ResultView = {
  head: head(4),
  tiles: tiles.map((each) => ({ ...each, current: false })),
  sum: '412 rows in the file = 300 created + 80 updated + 20 unchanged + 7 skipped + 5 failed',
  notes: [],
  facts: [
    { label: 'File', cell: cell('text', 'customers-2026.xlsx, 84 kB') },
    { label: 'By', cell: cell('text', 'Anna Novak') },
    { label: 'Finished', cell: cell('date', '21 Nov 2026 09:14') },
    { label: 'Matched by', cell: cell('text', 'E-mail, then name and city') },
  ],
  errors_href: '/x',
  list: { label: 'Show the 380 customers', href: '/list', icon: '' },
  undo: act('Undo this import', 'arrow-back-up'),
  undo_text:
    'Possible until 21 December. Moves 300 customers to the trash and gives 80 customers the old values back; what somebody edited since stays.',
  review: {
    text: '2 rows wait for a second look: somebody edited the record after the plan was made.',
    link: { label: 'Look at the difference', href: '/plan', icon: '' },
  },
  mapping: [
    { header: 'Klient', target: 'Name' },
    { header: 'Ansprechpartner der Buchhaltung, falls abweichend', target: 'not imported' },
  ],
  kept: {
    heading: 'Not as it was before the import: 1 record',
    rows: [
      {
        number: '14',
        record: cell('link', 'Aurora Hospitality Group', { href: '/record' }),
        why: 'City stays as it is. Edited since by Anna Novak.',
      },
    ],
    more: { label: 'Show all 31', href: '/plan', icon: '' },
  },
};

const reports: ReportsView = {
  groups: [
    {
      label: 'Sales',
      reports: [
        {
          href: '/report',
          title: 'Lead sources',
          text: 'Where leads come from and how many become customers.',
          icon: 'target-arrow',
        },
        {
          href: '/report-time',
          title: 'Revenue forecast',
          text: 'What the pipeline is worth, weighted by likelihood.',
          icon: 'trending-up',
        },
      ],
    },
    {
      label: 'Success',
      reports: [
        { href: '/report', title: 'Client retention', text: 'Who stays, who goes, who is silent.', icon: 'heartbeat' },
      ],
    },
  ],
};

const SOURCES = ['Website', 'Referral', 'Trade Show', 'Cold Call', 'Email Campaign', 'Partner'];
const bars: ChartData = {
  kind: 'bars',
  labels: SOURCES,
  series: [{ label: 'Leads', values: [412, 230, 118, 90, 44, 12], texts: ['412', '230', '118', '90', '44', '12'] }],
};
const months = ['Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov'];
const lines: ChartData = {
  kind: 'lines',
  labels: months,
  series: [
    { label: 'Weighted', values: [12, 15, 14, 19, 24, 22], texts: months.map((_, i) => `€${i}0,000`) },
    { label: 'Won', values: [8, 9, 13, 12, 18, 20], texts: months.map((_, i) => `€${i}0,000`) },
  ],
};
const stacks: ChartData = { ...lines, kind: 'stacks' };
const column = (name: string, label: string, numeric = true, sorted: '' | 'descending' = '') => ({
  name,
  label,
  numeric,
  sort_href: '/report',
  sorted,
});
const figure = (text: string) => cell('number', text, { href: '/list', title: `${text} leads` });
const downloads: Link[] = [
  { label: 'Excel', href: '/x', icon: 'file-spreadsheet' },
  { label: 'PDF', href: '/x', icon: 'download' },
];

const report: ReportView = {
  heading: 'Lead sources',
  text: 'Where leads come from and how many become customers.',
  back_href: '/reports',
  title_block: [
    { label: 'Company', value: 'Acme Industrial Supplies' },
    { label: 'Period', value: '1 Oct – 31 Oct 2026, Europe/Warsaw' },
    { label: 'Filters', value: 'All people' },
    { label: 'Made', value: '21 Nov 2026 09:14 by Anna Novak' },
  ],
  action: '/report',
  keep: [],
  presets: [
    { label: 'This month', href: '/report', current: false },
    { label: 'Last month', href: '/report', current: true },
    { label: 'This year', href: '/report', current: false },
  ],
  controls: [
    input('date', 'from', 'From', { value: '2026-10-01' }),
    input('date', 'to', 'to', { value: '2026-10-31' }),
    input('select', 'user', 'Person', { options: [{ value: '', label: 'Everyone', selected: true }] }),
  ],
  tiles: [
    {
      label: 'Leads',
      figure: '906',
      href: '/list',
      change: '12 % more than in September',
      direction: 'up',
      tone: 'green',
    },
    {
      label: 'Converted',
      figure: '118',
      href: '/list',
      change: '4 fewer than in September',
      direction: 'down',
      tone: 'red',
    },
    {
      label: 'Conversion rate',
      figure: '13.02 %',
      href: '',
      change: 'as in September',
      direction: 'flat',
      tone: 'neutral',
    },
    { label: 'Days to convert', figure: '21.4', href: '', change: '', direction: 'flat', tone: 'neutral' },
  ],
  charts: [
    { title: 'Leads by source', text: 'Website 412, Referral 230, Trade Show 118 …', json: JSON.stringify(bars) },
  ],
  tables: [
    {
      title: 'By source',
      columns: [
        column('source', 'Source', false),
        column('total', 'Leads', true, 'descending'),
        column('converted', 'Converted'),
        column('rate', 'Rate'),
      ],
      rows: SOURCES.map((name, i) => [
        cell('text', name),
        figure(String(412 - i * 60)),
        figure(String(60 - i * 9)),
        cell('number', `${14 - i}.02 %`),
      ]),
      total: [cell('text', 'All sources'), figure('906'), figure('118'), cell('number', '13.02 %')],
      empty: '',
    },
  ],
  computed: [
    { term: 'Leads', text: 'All leads created in the period, in the company’s time zone, without those in the trash.' },
    { term: 'Rate', text: 'Converted ÷ leads × 100, rounded to two decimals.' },
  ],
  exports: downloads,
  note: '6 rows, all of them.',
  waiting_href: '',
};

export const pageSamples: Record<string, Sample> = {
  'sign-in': { view: 'session/sign_in', title: 'Sign in', bare: true, data: signIn },
  'sign-in-error': {
    view: 'session/sign_in',
    title: 'Sign in',
    bare: true,
    data: { ...signIn, email: 'admin@acme.example', error: 'E-mail and password do not match.' },
  },
  'sign-in-provider': {
    view: 'session/sign_in',
    title: 'Sign in',
    bare: true,
    data: {
      ...signIn,
      email: 'admin@acme.example',
      provider: { label: 'Continue with Okta', href: '/x', icon: '' },
      sso_action: '',
    },
  },
  'choose-tenant': {
    view: 'session/choose_tenant',
    title: 'Choose a company',
    bare: true,
    data: {
      action: '/x',
      hidden: csrf,
      tenants: [
        { id: '1', name: 'Acme Industrial Supplies', initials: 'AI', role: 'Admin', current: true },
        { id: '2', name: 'Globex', initials: 'GL', role: 'Viewer', current: false },
      ],
    },
  },
  sessions: { view: 'session/sessions', title: 'Your sessions', data: sessions },
  users: { view: 'admin/users', title: 'Users', data: users },
  sso: { view: 'admin/sso', title: 'Single sign-on', data: sso },
  imports: { view: 'imports/index', title: 'Imports', data: imports },
  'imports-empty': { view: 'imports/index', title: 'Imports', data: { ...imports, rows: [] } },
  'import-new': {
    view: 'imports/new',
    title: 'Import a file',
    data: {
      action: '/x',
      hidden: csrf,
      error: '',
      kinds: [
        { label: 'From any list', options: [{ value: 'customers', label: 'Customers', selected: true }] },
        { label: 'An edited export only', options: [{ value: 'projects', label: 'Projects', selected: false }] },
      ],
      kinds_note: 'Customers can come from any list. Of every kind, an exported list can be edited and brought back.',
      accept: '.xlsx,.csv',
      limits: 'Excel (.xlsx) or CSV, up to 50 MB and 200,000 rows. Save .xls and .ods as .xlsx first.',
      cancel: '/imports',
    },
  },
  mapping: { view: 'imports/mapping', title: 'Columns', data: mapping },
  'import-preview': {
    view: 'imports/preview',
    title: 'Preview',
    data: { head: head(1), reading: { ...reading, open: true }, back_href: '/mapping' },
    partial: (render) => render('_import/first_rows')(reading.first_rows),
  },
  'import-failed': {
    view: 'imports/failed',
    title: 'Failed',
    data: { head: head(0), reading, message: 'There are no rows in this file.', new_href: '/import-new' },
  },
  plan: { view: 'imports/plan', title: 'Plan', data: plan },
  'import-progress': {
    view: 'imports/progress',
    title: 'Importing',
    data: progress,
    partial: (render) => render('_import/bar')(progress),
  },
  result: { view: 'imports/result', title: 'Result', data: result },
  reports: { view: 'reports/index', title: 'Reports', data: reports },
  report: { view: 'reports/report', title: 'Lead sources', data: report },
  'report-time': {
    view: 'reports/report',
    title: 'Revenue forecast',
    data: {
      ...report,
      heading: 'Revenue forecast',
      charts: [
        { title: 'Weighted and won', text: 'Both rise from June to October.', json: JSON.stringify(lines) },
        { title: 'By month', text: 'Stacked by kind.', json: JSON.stringify(stacks) },
      ],
    },
  },
};
