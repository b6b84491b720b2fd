/** More data for scripts/preview.ts: a person's day. */
import { input } from '#src/kernel/forms.ts';
import type { Cell, FormView, Link } from '#src/kernel/views.ts';
import type { DayGroup, DayRow, MyDayView } from '#src/modules/activity/views.ts';
import { cell, type Sample } from './preview_samples.ts';

const csrf = [{ name: '_csrf', value: 'preview' }];

const add: FormView = {
  base: '/tasks',
  heading: 'Add a task',
  action: '/form-errors',
  submit: 'Add task',
  cancel: '',
  hidden: csrf,
  errors: [],
  inputs: [
    { ...input('text', 'title', 'New task', { required: true }), id: 'add-title' },
    { ...input('date', 'due_date', 'Due'), id: 'add-due_date' },
  ],
};

const URGENT = cell('badge', 'Urgent', { tone: 'red' });
const HIGH = cell('badge', 'High', { tone: 'amber' });
const MEDIUM = cell('badge', 'Medium');
const STARTED = cell('badge', 'In progress', { tone: 'amber' });
const customer = (label: string): Link => ({ label, href: '/record', icon: 'building' });

let count = 0;
function row(title: string, text: string, badges: Cell[], about: Link[] = [], late = false): DayRow {
  count += 1;
  return {
    id: String(count),
    title,
    href: '/record',
    about,
    badges,
    due: text ? { text, title: '21 Nov 2026', is_late: late } : null,
    done: { label: 'Done', action: '/my-day', icon: 'check', tone: 'neutral', hidden: csrf },
  };
}

const group = (id: string, heading: string, rows: DayRow[], more: Partial<DayGroup> = {}): DayGroup => ({
  id,
  heading,
  is_late: id === 'overdue',
  count: String(rows.length),
  rows,
  all_href: '',
  ...more,
});

const LONG =
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mit beschränkter Haftung & Söhne';

const myDay: MyDayView = {
  today: 'Saturday 21 November 2026',
  tasks_href: '/list',
  add,
  groups: [
    group(
      'overdue',
      'Overdue',
      [
        row('Send the signed offer', '4 days ago', [URGENT], [customer('Aurora Hospitality Group')], true),
        row(
          `Ask ${LONG} for the address of every branch that is to be fitted this winter`,
          'yesterday',
          [STARTED, HIGH],
          [customer(LONG), { label: `Cold rooms for ${LONG}`, href: '/record', icon: 'briefcase' }],
          true,
        ),
      ],
      { count: '10+', all_href: '/list' },
    ),
    group('today', 'Today', [
      row('Prepare the quarterly review', 'today', [MEDIUM], [customer('Čapek Brewing')]),
      row('Book the train to Gdańsk', 'today', [cell('badge', 'Low')]),
    ]),
    group('soon', 'Next 7 days', [
      row(
        'Call about the second warehouse',
        'tomorrow',
        [HIGH],
        [{ label: '株式会社さくら', href: '/record', icon: 'target' }],
      ),
    ]),
    group('later', 'Later or without a date', [row('Tidy up the list of suppliers', '', [MEDIUM])]),
  ],
  follow_ups: group('follow-ups', 'Follow-ups', [
    row('Renewal talk with the new head of purchasing', '2 days ago', [cell('badge', 'Call')], [customer(LONG)], true),
    row('Demo of the gateway', 'in 5 days', [cell('badge', 'Meeting')], [customer('Gdańsk Marine Services')]),
  ]),
};

export const activitySamples: Record<string, Sample> = {
  'my-day': { view: 'activity/my_day', title: 'My day', data: myDay },
  'my-day-empty': {
    view: 'activity/my_day',
    title: 'My day',
    data: { ...myDay, groups: [], follow_ups: group('follow-ups', 'Follow-ups', []) },
  },
};
