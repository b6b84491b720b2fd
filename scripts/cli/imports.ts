import { createReadStream, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, readConfig } from '../../src/config.ts';
import { actorOfUser } from '../../src/kernel/actor.ts';
import { type Ctx, demand } from '../../src/kernel/context.ts';
import type { Platform } from '../../src/kernel/http.ts';
import { runJob } from '../../src/kernel/jobs.ts';
import { withTenant } from '../../src/kernel/tenant_db.ts';
import { IMPORT_RUN } from '../../src/modules/imports/access.ts';
import {
  createImport,
  loadImport,
  reviveIfSilent,
  takeUp,
  undoImport,
} from '../../src/modules/imports/imports.service.ts';
import type { Import } from '../../src/modules/imports/model.ts';
import { demandRoom } from '../../src/modules/imports/quota.ts';
import { cleanName } from '../../src/modules/imports/upload.ts';
import { readWishes } from '../../src/modules/imports/wishes.ts';
import { work } from '../../src/modules/imports/work.job.ts';
import type { WorkPlatform } from '../../src/modules/imports/work.ts';
import { FileTooLarge, keepFile, removeFile } from '../../src/platform/files.ts';
import { createLog } from '../../src/platform/log.ts';
import type { Pools } from '../../src/platform/postgres.ts';
import { type Call, type Command, Failure, UsageError } from './command.ts';
import { dataDir } from './database.ts';
import { inTenant, type KnownTenant, tenantNamed } from './operator.ts';
import { userNamed } from './users.ts';

const LOOK_EVERY_MS = 300;
/** A worker that runs and is free begins at once; after this it is done here. */
const WORKER_EXPECTED_MS = 5_000;
/** Exit code: everything was done that could be, but not every row is in. */
const SOME_FAILED = 3;

/** An import and the person for whom this command works on it. */
interface Mine {
  pools: Pools;
  tenant: KnownTenant;
  person: string;
  id: string;
}

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

function fileOf(name: string): string {
  if (!statSync(name, { throwIfNoEntry: false })?.isFile()) throw new Failure(`There is no file ${name}.`);
  return name;
}

/** Options as the API takes them; the switch --plan says what the API's `commit: false` does. */
function optionsOf(call: Call): string {
  const [said, file] = [call.maybe('options'), call.maybe('options-file')];
  if (said !== null && file !== null) throw new UsageError('import run: --options or --options-file, not both');
  const text = file === null ? (said ?? '{}') : readFileSync(fileOf(file), 'utf8');
  try {
    const given = JSON.parse(text) as unknown;
    if (typeof given === 'object' && given && !Array.isArray(given))
      return JSON.stringify({ commit: !call.given('plan'), ...given });
  } catch {
    // said below
  }
  throw new Failure(`Options are a JSON object, as docs/api.md describes it. This is not: ${text.trim().slice(0, 80)}`);
}

async function begin(call: Call, pools: Pools, tenant: KnownTenant, person: string): Promise<string> {
  const [file, config, options] = [fileOf(call.taken[0]!), configOf(call), optionsOf(call)];
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

const look = ({ pools, tenant, person, id }: Mine): Promise<Import> =>
  asPerson(pools, tenant, person, async (ctx) => {
    const now = await loadImport(ctx, id);
    await reviveIfSilent(ctx, now);
    return now;
  });

/** Does what no worker does, as one would. Cut short, a worker goes on where it stopped. */
async function workHere(call: Call, { pools, tenant, person, id }: Mine): Promise<void> {
  const run = await asPerson(pools, tenant, person, (ctx) => takeUp(ctx, id));
  if (run === null) return;
  call.note('No worker has taken it up, so it is done here.');
  const platform: WorkPlatform = {
    config: configOf(call),
    log: createLog('error'),
    pools,
  };
  const payload = { import_id: id, run, tenant_id: tenant.id, actor_id: person };
  await runJob(platform as Platform, work, payload, new AbortController().signal);
}

/** Waits until nothing is left to do about it, and says how it gets on. */
async function follow(call: Call, mine: Mine): Promise<Import> {
  const since = Date.now();
  let [said, here] = ['', Promise.resolve()];
  let failure: unknown = null;
  for (let waits = true; ; ) {
    const found = await look(mine);
    const line = `${found.state}${found.total ? ` ${found.done} of ${found.total} rows` : ''}`;
    if (line !== said) call.note(line);
    said = line;
    if (!found.task) {
      await here;
      return found;
    }
    if (failure) throw failure;
    if (waits && !found.attempts && Date.now() - since > WORKER_EXPECTED_MS) {
      waits = false;
      here = workHere(call, mine).catch((error) => {
        failure = error;
      });
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** What became of every row, and where to look at those that need it. @throws Failure when the file was refused */
function account(call: Call, found: Import): void {
  const page = `${(call.env.BASE_URL ?? '').replace(/\/$/, '')}/imports/${found.id}`;
  const { rows, created, updated, unchanged, skipped, failed, review } = found;
  if (found.state === 'failed') throw new Failure(found.error ?? 'The import failed.');
  call.print(
    `${rows} rows = ${created} created + ${updated} updated + ${unchanged} unchanged + ${skipped} skipped + ${failed} failed`,
  );
  if (found.state === 'planned') call.note(`Nothing is written yet. The plan: ${page}`);
  if (failed) call.note(`Rows with errors, to correct and import again: ${page}/errors.xlsx`);
  if (review) call.note(`${review} of them were edited meanwhile and wait for a second look: ${page}`);
  if (failed) process.exitCode = SOME_FAILED;
}

/** Finds tenant and person, and loads what declares the things that can be imported. */
async function whereAndWho(call: Call, pools: Pools): Promise<Omit<Mine, 'id'>> {
  await import('../../src/modules/index.ts');
  const tenant = await tenantNamed(pools, call.option('tenant'));
  return { pools, tenant, person: await personOf(pools, tenant, call.maybe('email')) };
}

async function run(call: Call, pools: Pools): Promise<void> {
  const mine = await whereAndWho(call, pools);
  const id = await begin(call, pools, mine.tenant, mine.person);
  account(call, await follow(call, { ...mine, id }));
}

async function undo(call: Call, pools: Pools): Promise<void> {
  const mine = { ...(await whereAndWho(call, pools)), id: call.taken[0]! };
  await asPerson(pools, mine.tenant, mine.person, async (ctx) => {
    demand(ctx, IMPORT_RUN);
    await undoImport(ctx, mine.id);
  });
  const { file_name, state } = await follow(call, mine);
  if (state !== 'undone') throw new Failure(`The import of ${file_name} is ${state}, not undone.`);
  call.print(`The import of ${file_name} is undone. What was edited since stays: /imports/${mine.id}`);
}

const TENANT = { value: 'SLUG', required: true, help: 'where' } as const;
const EMAIL = { value: 'ADDRESS', help: 'on whose behalf; else of the first administrator' } as const;

export const IMPORT_COMMANDS: readonly Command[] = [
  {
    words: 'import run',
    does: `Imports a file and says what became of every row. Exit code ${SOME_FAILED}: some have errors.`,
    takes: ['FILE'],
    options: {
      tenant: TENANT,
      email: EMAIL,
      entity: { value: 'NAME', initial: 'customers', help: 'what is in the file' },
      options: { value: 'JSON', help: 'mapping, match, defaults …, as in docs/api.md' },
      'options-file': { value: 'FILE', help: 'the same from a file' },
      plan: { help: 'stop at the plan: nothing is written' },
    },
    run: { kind: 'database', work: run },
  },
  {
    words: 'import undo',
    does: 'Takes an import back: what it made goes to the trash, what it changed gets its old values.',
    takes: ['ID'],
    options: { tenant: TENANT, email: EMAIL },
    run: { kind: 'database', work: undo },
  },
];
