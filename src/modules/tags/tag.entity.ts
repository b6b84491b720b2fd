import { defineEntity } from '#src/kernel/entity.ts';
import { f } from '#src/kernel/fields/index.ts';

/** A word that groups records of any kind. */
export const tag = defineEntity({
  name: 'tag',
  table: 'tags',
  label: ['Tag', 'Tags'],
  title: 'name',
  fields: { name: f.text({ max: 100, required: true }) },
  columns: [],
  sorts: ['name'],
  filters: [],
  search: ['name'],
  owners: [],
  through: [],
  happened: null,
  section: 'Admin',
  icon: 'tag',
  access: {
    read: {
      admin: 'all',
      manager: 'all',
      sales: 'all',
      csm: 'all',
      support: 'all',
      field_tech: 'all',
      read_only: 'all',
    },
    create: ['admin', 'manager', 'sales', 'csm', 'support'],
    update: ['admin', 'manager'],
    remove: ['admin', 'manager'],
    export: ['admin', 'manager'],
  },
});
