import { createTemplate } from './helpers/database.ts';

/** Once before all test files; what it sets in the environment reaches them. */
export default async function globalSetup(): Promise<void> {
  process.env.TEST_TEMPLATE_DATABASE = await createTemplate();
}
