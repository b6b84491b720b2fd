import { defineModule } from '#src/kernel/module.ts';

/** People, roles and single sign-on of a tenant. */
export const admin = defineModule('admin', {});
