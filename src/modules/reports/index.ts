import { declarePermission, may, type Role } from '#src/kernel/access.ts';
import { defineModule } from '#src/kernel/module.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { reports as all } from './all.ts';
import { computing } from './kept.service.ts';
import { BY_USER, EXPORT } from './permissions.ts';
import { apiReportRoutes, webRoutes } from './routes.ts';

declarePermission('report.read', Object.keys(project.access.read) as Role[]);
declarePermission(EXPORT, ['admin', 'manager', 'sales', 'csm']);
declarePermission(BY_USER, ['admin', 'manager']);

/** What the figures say: reports with the list behind every number. */
export const reports = defineModule('reports', {
  routes: [webRoutes(all), apiReportRoutes(all)],
  jobs: [computing],
  nav: [{ section: 'Insight', label: 'Reports', href: '/reports', icon: 'chart-bar', access: may('report.read') }],
});
