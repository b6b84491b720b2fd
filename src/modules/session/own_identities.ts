import type { Ctx } from '#src/kernel/context.ts';
import type { SessionsView } from './views.ts';

export async function companySignIn(_ctx: Ctx): Promise<SessionsView['company']> {
  return null;
}
