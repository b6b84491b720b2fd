import { createReadStream, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, readConfig } from '../../src/config.ts';
import { actorOfUser } from '../../src/kernel/actor.ts';
import { type Ctx, demand } from '../../src/kernel/context.ts';
import { withTenant } from '../../src/kernel/tenant_db.ts';
import { IMPORT_RUN } from '../../src/modules/imports/access.ts';
import { createImport, loadImport, reviveIfSilent } from '../../src/modules/imports/imports.service.ts';
import type { Import } from '../../src/modules/imports/model.ts';
import { demandRoom } from '../../src/modules/imports/quota.ts';
import { cleanName } from '../../src/modules/imports/upload.ts';
import { readWishes } from '../../src/modules/imports/wishes.ts';
import { FileTooLarge, keepFile, removeFile } from '../../src/platform/files.ts';
import type { Pools } from '../../src/platform/postgres.ts';
import { type Call, type Command, Failure } from './command.ts';
import { dataDir } from './database.ts';
import { inTenant, type KnownTenant, tenantNamed } from './operator.ts';
import { userNamed } from './users.ts';

const LOOK_EVERY_MS = 300;
/** Without a worker nothing happens; whoever waits should know. */
const WORKER_EXPECTED_MS = 10_000;

/** The person on whose behalf the file is imported: the one named, else the company's first administrator. */
async function personOf(pools: Pools, tenant: KnownTenant, email: string | null): Promise<string> {
  return inTenant(pools, tenant, async (ctx) => {
    if (email) return (await userNamed(ctx, email)).id;
    const [first] = await ctx.db.run(
      `/* cli.first_admin */ select id from users
       where tenant_id = :tenant and role = 'admin' and deactivated_at is null order by created_at, id limit 1`,
    );
    if (!first) throw new Failure(`${tenant.slug} has no administrator: say on whose behalf with --email.`);
    return String(first.id);
  });
}

/** One transaction of that person, with their rights. @throws Failure when they may not sign in any more */
const asPerson = <T>(pools: Pools, tenant: KnownTenant, id: string, work: (ctx: Ctx) => Promise<T>): Promise<T> =>
  withTenant(pools.app, tenant.id, async (db) => {
    const actor = await actorOfUser(db, id);
    if (!actor) throw new Failure('This person or their company is deactivated.');
    return work({ ...actor, db, via: 'cli', ip: null, request_id: 'cli', csrf: '', session_id: null });
  });

const configOf = (call: Call): Config =>
  readConfig({
    ...call.env,
    RAPPORT_MODE: 'test',
    DATABASE_URL: call.env.DATABASE_URL || 'embedded',
    DATA_DIR: dataDir(call.env),
  });

/** Options as the API takes them; the switch --plan says what the API's `commit: false` does. */
function optionsOf(call: Call): string {
  const text = call.option('options');
  try {
    const given = JSON.parse(text) as unknown;
    if (typeof given === 'object' && given && !Array.isArray(given))
      return JSON.stringify({ commit: !call.given('plan'), ...given });
  } catch {
    // said below
  }
  throw new Failure(`--options is a JSON object, as docs/api.md describes it. This is not: ${text.slice(0, 80)}`);
}

async function begin(call: Call, pools: Pools, tenant: KnownTenant, person: string): Promise<string> {
  const [file, config, options] = [call.taken[0]!, configOf(call), optionsOf(call)];
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new Failure(`There is no file ${file}.`);
  const entity = call.option('entity');
  const stored = await keepFile(config.data_dir, createReadStream(file), config.upload_bytes).catch((error) => {
    if (!(error instanceof FileTooLarge)) throw error;
    throw new Failure(`${file} is larger than ${config.upload_bytes / 1024 / 1024} MB (UPLOAD_MB).`);
  });
  try {
    return await asPerson(pools, tenant, person, async (ctx) => {
      demand(ctx, IMPORT_RUN);
      const wishes = await readWishes(ctx, entity, options);
      await demandRoom(ctx, stored, config.import_quota);
      return (await createImport(ctx, entity, { ...stored, name: cleanName(path.basename(file)) }, wishes)).id;
    });
  } catch (error) {
    await removeFile(config.data_dir, stored.key);
    throw error;
  }
}

/** Waits until no worker has anything to do about it any more, and says how it gets on. */
async function follow(call: Call, look: () => Promise<Import>): Promise<Import> {
  const since = Date.now();
  let [said, warned] = ['', false];
  for (;;) {
    const found = await look();
    const line = `${found.state}${found.total ? ` ${found.done} of ${found.total} rows` : ''}`;
    if (line !== said) call.note(line);
    said = line;
    if (!found.task) return found;
    if (!warned && !found.attempts && Date.now() - since > WORKER_EXPECTED_MS) {
      warned = true;
      call.note('No worker has taken it up yet: it is done as soon as Rapport runs (npm start, ROLE all or worker).');
    }
    await sleep(LOOK_EVERY_MS);
  }
}

export const IMPORT_COMMANDS: readonly Command[] = [
  {
    words: 'import run',
    does: 'Imports a file into a tenant through its worker, and says what became of every row.',
    takes: ['FILE'],
    options: {
      tenant: { value: 'SLUG', required: true, help: 'where' },
      email: { value: 'ADDRESS', help: 'on whose behalf; else of the first administrator' },
      entity: { value: 'NAME', initial: 'customers', help: 'what is in the file' },
      options: { value: 'JSON', initial: '{}', help: 'mapping, match, defaults …, as in docs/api.md' },
      plan: { help: 'stop at the plan: nothing is written' },
    },
    run: {
      kind: 'database',
      work: async (call, pools) => {
        await import('../../src/modules/index.ts'); // declares what can be imported
        const tenant = await tenantNamed(pools, call.option('tenant'));
        const person = await personOf(pools, tenant, call.maybe('email'));
        const id = await begin(call, pools, tenant, person);
        const found = await follow(call, () =>
          asPerson(pools, tenant, person, async (ctx) => {
            const now = await loadImport(ctx, id);
            await reviveIfSilent(ctx, now);
            return now;
          }),
        );
        if (found.state === 'failed') throw new Failure(found.error ?? 'The import failed.');
        const { rows, created, updated, unchanged, skipped, failed, review } = found;
        call.print(
          `${rows} rows = ${created} created + ${updated} updated + ${unchanged} unchanged + ${skipped} skipped + ${failed} failed`,
        );
        if (found.state === 'mapping') call.note(`Its columns wait for somebody to match them: /imports/${id}`);
        if (found.state === 'planned') call.note(`Nothing is written yet. The plan: /imports/${id}`);
        if (failed) call.note(`Rows with errors, to correct and import again: /imports/${id}/errors.xlsx`);
        if (review) call.note(`${review} of them were edited meanwhile and wait for a second look: /imports/${id}`);
      },
    },
  },
];
