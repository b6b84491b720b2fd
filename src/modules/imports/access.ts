import { declarePermission } from '#src/kernel/access.ts';

/** Uploading lists, and seeing what was uploaded. Writing needs the entity's own permissions besides. */
export const IMPORT_RUN = declarePermission('import.run', ['admin', 'manager']);
