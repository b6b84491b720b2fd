import type { Action, Hidden, Link } from '#src/kernel/views.ts';

/** session/login.ejs: e-mail and password on one page; once the e-mail is known to want a password, that alone. */
export interface LoginView {
  heading: string;
  text: string;
  /** What was wrong with the last try; '' on the first. */
  error: string;
  hidden: Hidden[];
  email: string;
  /** The e-mail is settled: it is shown, not asked, and the cursor waits in the password. */
  email_settled: boolean;
  /** Where to start over with another e-mail. */
  other_href: string;
  /** Companies whose own sign-in serves this e-mail. */
  sso: Link[];
}

/** session/choose.ejs: the companies a person has proven to belong to. */
export interface ChooseView {
  heading: string;
  text: string;
  companies: { name: string; initials: string; current: boolean; action: string; hidden: Hidden[] }[];
}

/** session/leave.ejs: hands the browser on to an identity provider, by itself or by a click. */
export interface LeaveView {
  heading: string;
  text: string;
  href: string;
  label: string;
}

/** session/list.ejs: where a person is signed in, and how. */
export interface SessionsView {
  sessions: {
    id: string;
    device: string;
    address: string;
    method: string;
    started: string;
    started_exact: string;
    seen: string;
    seen_exact: string;
    current: boolean;
    end: Action;
  }[];
  end_others: Action | null;
  /** The company's own sign-in; null where there is none. */
  company: { name: string; linked: { text: string; unlink: Action | null }[]; link: Action | null } | null;
}

/** session/appearance.ejs */
export interface AppearanceView {
  hidden: Hidden[];
  themes: { value: string; label: string; help: string; checked: boolean }[];
}

declare module '#src/kernel/views.ts' {
  interface Views {
    'session/login': LoginView;
    'session/choose': ChooseView;
    'session/leave': LeaveView;
    'session/list': SessionsView;
    'session/appearance': AppearanceView;
  }
}
