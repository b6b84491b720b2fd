import type { Application } from 'express';
import type { Access } from './access.ts';
import type { Platform } from './http.ts';
import type { Job } from './jobs.ts';
import type { Routes } from './routes.ts';

/** A line of the sidebar, shown to whoever may open it. */
export interface NavEntry {
  section: 'Work' | 'Sales' | 'Success' | 'Support' | 'Insight' | 'Admin';
  label: string;
  href: string;
  icon: string;
  access: Access;
}

/** A part of the business: what it adds to the product. */
export interface Module {
  name: string;
  routes: Routes[];
  nav: NavEntry[];
  jobs: Job[];
  /** pages for people who are not signed in; ordinary Express, because there is no tenant yet */
  open: ((app: Application, platform: Platform) => void) | null;
}

export const defineModule = (name: string, parts: Partial<Omit<Module, 'name'>>): Module => ({
  name,
  routes: [],
  nav: [],
  jobs: [],
  open: null,
  ...parts,
});
