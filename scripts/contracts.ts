// Writes contracts/: JSON Schemas of every entity and the OpenAPI description. A test fails when they are out of date.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { entityContract, openApi } from '../src/kernel/contracts.ts';
import { allEntities } from '../src/kernel/entity.ts';
import { allRoutes } from '../src/modules/index.ts';

/** File name below contracts/ -> its text, as it should be. */
export function contracts(): Record<string, string> {
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  // Routes are only listed, none is called: no platform is needed.
  const files: Record<string, string> = { 'openapi.json': text(openApi(allRoutes({} as never))) };
  for (const entity of allEntities()) {
    const schemas = entityContract(entity);
    files[`${entity.name}.json`] = text({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: entity.label[0],
      ...schemas,
    });
  }
  return files;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = path.join(import.meta.dirname, '../contracts');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(contracts())) writeFileSync(path.join(folder, name), content);
  console.log(`Wrote ${Object.keys(contracts()).length} files to contracts/`);
}
