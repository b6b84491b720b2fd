/** Data for scripts/preview.ts: believable, with the long names, empty states and errors that break layouts. */
import { input } from '#src/kernel/forms.ts';
import type { template } from '#src/kernel/templates.ts';
import type {
  Cell,
  Fact,
  FormView,
  LayoutView,
  ListRow,
  ListView,
  Notice,
  RecordView,
  TimelineItem,
  Tone,
} from '#src/kernel/views.ts';

export interface Sample {
  view: string;
  title: string;
  data: object;
  bare?: boolean;
  notice?: Notice;
  /** What a targeted swap gets instead of the whole view. */
  partial?: (render: typeof template) => string;
}

const csrf = [{ name: '_csrf', value: 'preview' }];

export const frame: Omit<LayoutView, 'title' | 'body' | 'assets' | 'notice'> = {
  csrf: 'preview',
  nonce: 'preview',
  theme: '',
  locale: 'en',
  sections: [
    {
      label: 'Work',
      items: [
        { label: 'Today', href: '/today', icon: 'home', current: false },
        { label: 'Tasks', href: '/tasks', icon: 'checkbox', current: false },
      ],
    },
    {
      label: 'Sales',
      items: [
        { label: 'Customers', href: '/list', icon: 'building', current: true },
        { label: 'Contacts', href: '/list-empty', icon: 'users', current: false },
        { label: 'Leads', href: '/leads', icon: 'target-arrow', current: false },
        { label: 'Deals', href: '/deals', icon: 'layout-kanban', current: false },
      ],
    },
    { label: 'Insight', items: [{ label: 'Reports', href: '/report', icon: 'chart-bar', current: false }] },
    {
      label: 'Admin',
      items: [
        { label: 'Imports', href: '/imports', icon: 'database-import', current: false },
        { label: 'Users', href: '/users', icon: 'user-cog', current: false },
        { label: 'Single sign-on', href: '/sso', icon: 'shield-lock', current: false },
      ],
    },
  ],
  create: [
    { label: 'Customer', href: '/form', icon: 'building' },
    { label: 'Contact', href: '/form', icon: 'user-plus' },
    { label: 'Interaction', href: '/form', icon: 'message' },
  ],
  search: { action: '/search', q: '', shown: true },
  tenant: { name: 'Acme Industrial Supplies', initials: 'AI' },
  person: { name: 'Anna Novak', email: 'admin@acme.example', initials: 'AN', role: 'Admin' },
  can_switch: true,
  menu: [
    { label: 'Your sessions', href: '/sessions', icon: 'device-desktop' },
    { label: 'Switch company', href: '/choose-tenant', icon: 'switch-horizontal' },
  ],
};

export function cell(kind: Cell['kind'], text = '', more: Partial<Cell> = {}): Cell {
  return { kind, text, title: '', href: '', tone: 'neutral', items: [], ...more };
}

const LONG =
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mit beschränkter Haftung & Söhne';
const NAMES = [
  'Aurora Hospitality Group',
  'Baltic Freight & Logistics',
  LONG,
  'Čapek Brewing',
  "O'Malley & Daughters",
  '株式会社さくら',
  'Fjällräven Components AB',
  'Gdańsk Marine Services',
];
const STATUS: [string, Tone][] = [
  ['Active', 'green'],
  ['Prospect', 'accent'],
  ['Inactive', 'neutral'],
  ['At risk', 'amber'],
  ['Churned', 'red'],
];

const COLUMNS = ['Status', 'Owner', 'Industry', 'ARR', 'Renewal date', 'Tags'];
const rows: ListRow[] = Array.from({ length: 25 }, (_, i) => {
  const [status, tone] = STATUS[i % 5] as [string, Tone];
  return {
    id: `id-${i}`,
    href: '/record',
    edit_href: '/form',
    title: `${NAMES[i % NAMES.length]}${i >= NAMES.length ? ` ${i}` : ''}`,
    subtitle: i % 4 === 3 ? '' : `contact${i}@${i % 2 ? 'baltic-freight' : 'aurora'}.example`,
    cells: [
      cell('badge', status, { tone }),
      i % 6 === 5 ? cell('empty') : cell('text', i % 2 ? 'Łukasz Wójcik' : 'Anna Novak', { title: 'Sales, Gdańsk' }),
      cell('text', ['Hospitality', 'Logistics', 'Manufacturing'][i % 3]),
      cell('number', `€${(i * 13_457 + 980).toLocaleString('en')}.00`),
      cell('date', `${(i % 27) + 1} Mar 2026`, { title: '2026-03-14 09:12 CET' }),
      i % 3 ? cell('list', 'vip, renewal', { items: ['vip', 'renewal'] }) : cell('empty'),
    ].map((shown, at) => ({ label: COLUMNS[at] ?? '', shown })),
  };
});

const list: ListView = {
  noun: 'Customers',
  noun_one: 'customer',
  base: '/list',
  here: '/list?status=active',
  q: '',
  searchable: true,
  search_label: 'Search name, e-mail, city',
  more_filters: [],
  filters: [
    {
      name: 'status',
      label: 'Status',
      control: 'select',
      value: 'active',
      from: '',
      to: '',
      options: ['New', 'Prospect', 'Active', 'Inactive'].map((label) => ({
        value: label.toLowerCase(),
        label,
        selected: label === 'Active',
      })),
      active: true,
    },
    {
      name: 'assigned_to',
      label: 'Owner',
      control: 'ref',
      value: '',
      from: '',
      to: '',
      options: [
        { value: 'me', label: 'Me', selected: false },
        { value: '2', label: 'Łukasz Wójcik', selected: false },
      ],
      active: false,
    },
    { name: 'industry', label: 'Industry', control: 'select', value: '', from: '', to: '', options: [], active: false },
    {
      name: 'created_at',
      label: 'Created',
      control: 'date_range',
      value: '',
      from: '',
      to: '',
      options: [],
      active: false,
    },
    { name: 'country', label: 'Country', control: 'text', value: '', from: '', to: '', options: [], active: false },
    { name: 'city', label: 'City', control: 'text', value: '', from: '', to: '', options: [], active: false },
  ],
  keep: [{ name: 'sort', value: 'name' }],
  chips: [{ label: 'Status', value: 'Active', remove_href: '/list' }],
  clear_href: '/list',
  scopes: [
    { label: 'Mine', href: '/list?scope=mine', current: false },
    { label: 'Team', href: '/list?scope=team', current: false },
    { label: 'Everyone', href: '/list', current: true },
  ],
  columns: [
    { name: 'name', label: 'Name', numeric: false, sort_href: '/list?sort=-name', sorted: 'ascending' },
    { name: 'status', label: 'Status', numeric: false, sort_href: '/list?sort=status', sorted: '' },
    { name: 'owner', label: 'Owner', numeric: false, sort_href: '', sorted: '' },
    { name: 'industry', label: 'Industry', numeric: false, sort_href: '', sorted: '' },
    { name: 'arr', label: 'ARR', numeric: true, sort_href: '/list?sort=arr', sorted: '' },
    { name: 'renewal', label: 'Renewal', numeric: false, sort_href: '/list?sort=renewal', sorted: '' },
    { name: 'tags', label: 'Tags', numeric: false, sort_href: '', sorted: '' },
  ],
  rows,
  pager: {
    label: '1–25 of 10,000+',
    prev_href: '',
    next_href: '/list?after=x',
    count_href: '',
    exact_href: '/list?count=exact',
    total: '10,000+',
    sizes: [
      { label: '25', href: '/list', current: true },
      { label: '50', href: '/list?limit=50', current: false },
      { label: '100', href: '/list?limit=100', current: false },
    ],
  },
  new_href: '/form',
  import_href: '/imports',
  trash_href: '/list-trash',
  export_xlsx: '/customers.xlsx',
  export_csv: '/customers.csv',
  is_trash: false,
  restore: null,
  empty: { title: '', text: '', action: null },
};

const form: FormView = {
  base: '/list',
  heading: 'New customer',
  action: '/form-errors',
  submit: 'Create customer',
  cancel: '/list',
  hidden: csrf,
  errors: [],
  inputs: [
    input('text', 'name', 'Name', { required: true, max: 200, autofocus: true }),
    input('email', 'email', 'E-mail', { help: 'Invoices go here unless a contact is marked for billing.' }),
    input('select', 'status', 'Status', {
      required: true,
      options: [
        { value: 'new', label: 'New', selected: true },
        { value: 'active', label: 'Active', selected: false },
      ],
    }),
    input('ref', 'assigned_to', 'Owner', { lookup: '/lookup', value: 'Anna Novak', ref_id: '1', required: true }),
    input('number', 'arr', 'Annual revenue', { step: '0.01', value: '12500.00' }),
    input('date', 'renewal', 'Renewal date'),
    input('tags', 'tags', 'Tags', { lookup: '/lookup' }),
    input('checkbox', 'vip', 'Key customer', { help: 'Key customers stand first on everyone’s list.' }),
    input('textarea', 'about', 'About'),
  ],
};

const formErrors: FormView = {
  ...form,
  errors: [
    { id: 'field-name', label: 'Name', message: 'Enter the name of the customer.' },
    { id: 'field-renewal', label: 'Renewal date', message: 'The date 31/02/2026 does not exist.' },
  ],
  inputs: form.inputs.map((each) =>
    each.name === 'name'
      ? { ...each, error: 'Enter the name of the customer.' }
      : each.name === 'renewal'
        ? { ...each, error: 'The date 31/02/2026 does not exist.' }
        : each,
  ),
};

const note: FormView = {
  ...form,
  heading: 'Note',
  submit: 'Add note',
  cancel: '',
  inputs: [input('textarea', 'note', 'Note', { required: true })],
};

const facts: Fact[] = [
  ['Status', cell('badge', 'Active', { tone: 'green' })],
  ['Owner', cell('link', 'Anna Novak', { href: '/record' })],
  ['Industry', cell('text', 'Hospitality')],
  ['E-mail', cell('link', 'office@aurora.example', { href: 'mailto:office@aurora.example' })],
  [
    'Website',
    cell('link', 'https://www.aurora-hospitality-group.example/about/company', { href: 'https://x.example' }),
  ],
  ['Annual revenue', cell('number', '€125,000.00')],
  ['Renewal date', cell('date', '14 Mar 2027', { title: '2027-03-14' })],
  ['Lifetime value', cell('empty')],
  ['Tags', cell('list', '', { items: ['vip', 'renewal', 'hotel chain', 'north'] })],
  ['About', cell('long', 'Twelve hotels in the north.\nPrefers phone calls in the morning.')],
].map(([label, value], i) => ({ name: `fact${i}`, label, cell: value, edit_href: '/fact-edit' }) as Fact);

const timeline: TimelineItem[] = [
  {
    id: '1',
    kind: 'interaction',
    icon: 'phone',
    heading: 'Anna Novak logged a call with Marta Kowalska',
    href: '/record',
    body: 'Renewal is safe; they want the second site included and ask for a proposal before Easter.',
    lines: [],
    who: 'Anna Novak',
    when: '2 hours ago',
    when_exact: '21 Nov 2026 09:12',
  },
  {
    id: '2',
    kind: 'change',
    icon: 'pencil',
    heading: 'Łukasz Wójcik changed Status and Annual revenue',
    href: '',
    body: '',
    lines: [
      { label: 'Status', old: 'Prospect', new: 'Active' },
      { label: 'Annual revenue', old: '', new: '€125,000.00' },
    ],
    who: 'Łukasz Wójcik',
    when: 'yesterday',
    when_exact: '20 Nov 2026 16:40',
  },
  {
    id: '3',
    kind: 'note',
    icon: 'note',
    heading: 'Anna Novak wrote a note',
    href: '',
    body: 'Contract is with legal.\nSecond reading on Thursday.',
    lines: [],
    who: 'Anna Novak',
    when: '3 days ago',
    when_exact: '18 Nov 2026 11:02',
  },
  {
    id: '4',
    kind: 'change',
    icon: 'plus',
    heading: 'Imported from customers-2026.xlsx, row 14',
    href: '',
    body: '',
    lines: [],
    who: 'Import',
    when: '12 Oct',
    when_exact: '12 Oct 2026 08:00',
  },
];

const record: RecordView = {
  noun: 'Customers',
  noun_one: 'customer',
  base: '/list',
  id: 'id-1',
  version: '3',
  title: 'Aurora Hospitality Group',
  subtitle: 'Gdańsk, Poland · customer since 2019',
  initials: 'AH',
  badges: [
    { label: 'Status', text: 'Active', tone: 'green' },
    { label: 'Health', text: 'Yellow: no contact for 40 days', tone: 'amber' },
    { label: 'Owner', text: 'Anna Novak', tone: 'neutral' },
  ],
  previous_href: '/record',
  next_href: '/record',
  edit_href: '/form',
  trash: { label: 'Move to trash', action: '/x', icon: 'trash', tone: 'neutral', hidden: csrf },
  restore: null,
  actions: [],
  trashed_text: '',
  facts,
  composers: [
    note,
    {
      ...note,
      heading: 'Interaction',
      submit: 'Add interaction',
      inputs: [
        input('select', 'kind', 'Kind', {
          required: true,
          options: [{ value: 'call', label: 'Call', selected: true }],
        }),
        input('textarea', 'summary', 'What was said', { required: true }),
      ],
    },
    { ...note, heading: 'Task', submit: 'Add task', inputs: [input('text', 'title', 'Task', { required: true })] },
  ],
  timeline,
  timeline_more_href: '/more',
  related: [
    {
      id: 'contacts',
      label: 'Contacts',
      count: '12',
      columns: [
        { label: 'Name', numeric: false },
        { label: 'Role', numeric: false },
      ],
      rows: ['Marta Kowalska', 'Bartholomew Featherstonehaugh-Cholmondeley'].map((title, i) => ({
        id: `c${i}`,
        href: '/record',
        edit_href: '',
        title,
        subtitle: `m${i}@aurora.example`,
        cells: [{ label: 'Job title', shown: cell('text', 'Procurement') }],
      })),
      all_href: '/list',
      add_href: '/form',
      add_label: 'Add contact',
      empty: '',
    },
    {
      id: 'deals',
      label: 'Deals',
      count: '',
      columns: [],
      rows: [],
      all_href: '',
      add_href: '',
      add_label: '',
      empty: 'No deals yet. A deal is something you expect to sell.',
    },
  ],
};

export const samples: Record<string, Sample> = {
  list: {
    view: '_entity/list',
    title: 'Customers',
    data: list,
    partial: (render) => render('_entity/table')(list),
  },
  'list-notice': {
    view: '_entity/list',
    title: 'Customers',
    data: list,
    notice: {
      tone: 'green',
      text: 'Aurora Hospitality Group moved to trash.',
      undo: { label: 'Undo', action: '/list', icon: 'arrow-back-up', tone: 'neutral', hidden: csrf },
    },
  },
  'list-empty': {
    view: '_entity/list',
    title: 'Contacts',
    data: {
      ...list,
      noun: 'Contacts',
      noun_one: 'contact',
      rows: [],
      chips: [],
      scopes: [],
      pager: { ...list.pager, label: '', total: '', next_href: '', exact_href: '', sizes: [] },
      export_xlsx: '',
      empty: {
        title: 'No contacts yet',
        text: 'Contacts are the people you talk to at a customer. Add the first one, or import your address book from Excel.',
        action: { label: 'New contact', href: '/form', icon: 'plus' },
      },
    },
  },
  'list-trash': {
    view: '_entity/list',
    title: 'Trash',
    data: {
      ...list,
      noun: 'Customers in trash',
      is_trash: true,
      restore: { action_prefix: '/customers/', hidden: csrf },
      trash_href: '',
      new_href: '',
      import_href: '',
      rows: rows.slice(0, 3).map((row) => ({ ...row, edit_href: '' })),
    },
  },
  record: { view: '_entity/show', title: 'Aurora Hospitality Group', data: record },
  'record-trashed': {
    view: '_entity/show',
    title: LONG,
    data: {
      ...record,
      title: LONG,
      trash: null,
      edit_href: '',
      composers: [],
      timeline: [],
      timeline_more_href: '',
      trashed_text: 'In the trash since 12 Oct 2026. It will be deleted for good on 11 Nov 2026.',
      restore: { label: 'Restore', action: '/x', icon: 'arrow-back-up', tone: 'neutral', hidden: csrf },
    },
  },
  'fact-edit': {
    view: '_entity/fact_edit',
    title: 'Edit',
    data: {
      action: '/fact-edit',
      cancel: '/fact',
      hidden: csrf,
      input: input('text', 'fact2', 'Industry', { value: 'Hospitality' }),
    },
  },
  fact: { view: '_entity/fact', title: 'Fact', data: facts[2] as Fact },
  more: { view: '_entity/timeline', title: 'More', data: { items: timeline, more_href: '' } },
  form: { view: '_entity/form', title: 'New customer', data: form },
  'form-errors': { view: '_entity/form', title: 'New customer', data: formErrors },
  conflict: {
    view: '_entity/conflict',
    title: 'Two people edited',
    data: {
      heading: 'Łukasz Wójcik changed this customer while you were editing',
      text: 'Nothing is lost. Choose for each field what shall stand; fields that only one of you changed are chosen already.',
      action: '/x',
      cancel: '/record',
      hidden: csrf,
      rows: [
        {
          name: 'status',
          label: 'Status',
          original: cell('badge', 'Prospect', { tone: 'accent' }),
          theirs: cell('badge', 'Inactive'),
          yours: cell('badge', 'Active', { tone: 'green' }),
          clash: true,
          choice: 'yours',
          yours_value: 'active',
          theirs_value: 'inactive',
        },
        {
          name: 'city',
          label: 'City',
          original: cell('empty'),
          theirs: cell('text', 'Gdynia'),
          yours: cell('empty'),
          clash: false,
          choice: 'theirs',
          yours_value: '',
          theirs_value: 'Gdynia',
        },
        {
          name: 'about',
          label: 'About',
          original: cell('long', 'Twelve hotels in the north.'),
          theirs: cell('long', 'Twelve hotels in the north.'),
          yours: cell('long', 'Thirteen hotels in the north, one of them under renovation until the summer.'),
          clash: false,
          choice: 'yours',
          yours_value: 'b',
          theirs_value: 'a',
        },
      ],
    },
  },
  search: {
    view: 'home/search',
    title: 'Search',
    data: {
      q: 'aurora',
      empty: '',
      more_href: '',
      more_label: '',
      back_href: '',
      groups: [
        {
          label: 'Customers',
          all_href: '/list',
          rows: [{ href: '/record', title: 'Aurora Hospitality Group', subtitle: 'Gdańsk, Poland' }],
        },
        {
          label: 'Contacts',
          all_href: '',
          rows: [{ href: '/record', title: 'Marta Kowalska', subtitle: 'Aurora Hospitality Group · Procurement' }],
        },
      ],
    },
  },
  error: {
    view: '_part/error',
    title: 'Not found',
    data: {
      status: 404,
      heading: 'There is no such page',
      text: 'It may have been moved to the trash, or you may not be allowed to see it. Ask the person who sent you the link.',
      request_id: '0192f1c3-7c1e-7b5a-9a51-8c3d8f0a1f2e',
      action: { label: 'Go to customers', href: '/list', icon: '' },
    },
  },
};
