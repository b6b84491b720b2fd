import { may } from '#src/kernel/access.ts';
import { offerImport } from '#src/kernel/list_view.ts';
import { defineModule } from '#src/kernel/module.ts';
import { IMPORT_RUN } from './access.ts';
import { importApi } from './imports.api.ts';
import { importRoutes } from './imports.routes.ts';
import { sourceRoutes } from './source.routes.ts';
import { IMPORTABLE } from './targets.ts';
import { work } from './work.job.ts';

for (const name of IMPORTABLE) offerImport(name, IMPORT_RUN, `/imports/new?entity=${name}`);

/** Lists from Excel and CSV become records, with a plan before and an account after. */
export const imports = defineModule('imports', {
  routes: [importRoutes, sourceRoutes, importApi],
  nav: [{ section: 'Work', label: 'Imports', href: '/imports', icon: 'database-import', access: may(IMPORT_RUN) }],
  jobs: [work],
});
