import { dropTemplate } from './helpers/database.ts';
import { templateDatabase } from './helpers/servers.ts';

export default async function globalTeardown(): Promise<void> {
  await dropTemplate(templateDatabase());
}
