import type { Report } from './report.ts';
import { revenue } from './revenue_by_client.report.ts';

/** Every report there is, in the order /reports shows them. */
export const reports: readonly Report[] = [revenue];
