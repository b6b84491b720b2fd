import { createTestDatabase, dropTemplate } from './helpers/database.ts';
import { templateDatabase } from './helpers/servers.ts';
import { checkStatements } from './helpers/statements.ts';

/** Once after all test files. */
export default async function globalTeardown(): Promise<void> {
  await checkStatements((await createTestDatabase()).url);
  await dropTemplate(templateDatabase());
}
