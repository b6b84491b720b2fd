import { clientRetention } from './client_retention.report.ts';
import { conversionRate } from './conversion_rate.report.ts';
import { followUps } from './follow_ups.report.ts';
import { leadSource } from './lead_source.report.ts';
import { pipeline } from './pipeline.report.ts';
import { projectPerformance } from './project_performance.report.ts';
import type { Report } from './report.ts';
import { revenue } from './revenue_by_client.report.ts';
import { revenueForecast } from './revenue_forecast.report.ts';
import { upcomingTasks } from './upcoming_tasks.report.ts';
import { userActivity } from './user_activity.report.ts';

/** Every report there is, in the order /reports shows them. */
export const reports: readonly Report[] = [
  pipeline,
  leadSource,
  conversionRate,
  revenue,
  revenueForecast,
  clientRetention,
  projectPerformance,
  followUps,
  upcomingTasks,
  userActivity,
];
