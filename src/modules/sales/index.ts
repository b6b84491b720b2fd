import { may } from '#src/kernel/access.ts';
import { can } from '#src/kernel/context.ts';
import { recordPage } from '#src/kernel/crud.ts';
import { defineModule } from '#src/kernel/module.ts';
import { button, Routes, redirect } from '#src/kernel/routes.ts';
import { convertLead } from './conversion.service.ts';
import { lead } from './lead.entity.ts';

/** Leads and what becomes of them. */
export const sales = defineModule('sales', {
  routes: [
    new Routes()
      .get(
        '/leads/:id',
        may('lead.read'),
        (ctx, input) =>
          recordPage(ctx, lead, input, (view, row) => {
            const open = !row.converted_at && !row.deleted_at && can(ctx, 'lead.update') && can(ctx, 'customer.create');
            if (open)
              view.actions.push(button(ctx, 'Convert to customer', `/leads/${view.id}/conversion`, 'user-check'));
          }),
        { entity: 'lead' },
      )
      .post(
        '/leads/:id/conversion',
        may('lead.update'),
        async (ctx, input) => {
          const made = await convertLead(ctx, input.params.id ?? '');
          return redirect(`/customers/${made.id}`, { text: 'The lead is now this customer.', tone: 'green' });
        },
        { entity: 'lead' },
      ),
  ],
});
