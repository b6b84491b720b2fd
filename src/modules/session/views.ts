import type { Action, Hidden } from '#src/kernel/views.ts';

/** session/leave.ejs: hands the browser on to an identity provider, by itself or by a click. */
export interface LeaveView {
  heading: string;
  text: string;
  href: string;
  label: string;
}

/** session/company.ejs: how a person is linked with the company's own sign-in. */
export interface CompanySignInView {
  /** What it is, or that there is none. */
  text: string;
  linked: { text: string; unlink: Action | null }[];
  link: Action | null;
}

/** session/appearance.ejs */
export interface AppearanceView {
  hidden: Hidden[];
  themes: { value: string; label: string; help: string; checked: boolean }[];
}

declare module '#src/kernel/views.ts' {
  interface Views {
    'session/leave': LeaveView;
    'session/company': CompanySignInView;
    'session/appearance': AppearanceView;
  }
}
