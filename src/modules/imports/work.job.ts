import { type Job, NobodyAsks } from '#src/kernel/jobs.ts';
import type { Import, Task } from './model.ts';
import { giveUpMove, moveStep } from './move.ts';
import { planStep } from './plan.ts';
import { OWN_FAULTS } from './reader/errors.ts';
import { ReadError } from './reader/run.ts';
import { inspectStep, stageStep } from './stage.ts';
import { failImport, load, openWork, Replaced, type Work } from './work.ts';

/** How often a piece of work is begun without getting anywhere before it is given up. */
const MOST_ATTEMPTS = 6;
const HEARTBEAT = 5_000;

const STEPS: Record<Task, (work: Work, found: Import) => Promise<void>> = {
  inspect: inspectStep,
  stage: stageStep,
  plan: planStep,
  commit: moveStep,
  undo: moveStep,
};

/** Counts this start. A run that was begun too often without getting anywhere has met a fault of ours. */
async function begin(work: Work): Promise<{ found: Import; tired: boolean }> {
  return work.step(async (ctx) => {
    const found = await load(ctx, work.import_id);
    const tired = found.attempts >= MOST_ATTEMPTS;
    await work.note(ctx, { attempts: found.attempts + 1 });
    return { found, tired };
  });
}

const OUR_FAULT =
  'This failed because of a fault on our side; nothing was imported. Upload the file again, or ask for help.';

async function runSteps(work: Work): Promise<void> {
  const { found: first, tired } = await begin(work);
  if (tired) return first.move ? giveUpMove(work) : failImport(work, OUR_FAULT);
  let found = first;
  while (found.task) {
    work.signal.throwIfAborted();
    await STEPS[found.task](work, found);
    found = await work.step((ctx) => load(ctx, work.import_id));
  }
}

/**
 * Everything a worker does about an import: it looks into the file, stages its rows, makes the plan and writes the
 * records, one task after the other as the import's row says. Every chunk is a transaction that also says how far it got,
 * so that a killed worker's successor goes on where it stopped.
 */
export const work: Job = {
  name: 'imports.work',
  run: async (inTenant, payload, platform, stopping) => {
    const replaced = new AbortController();
    const job = openWork(inTenant, payload, platform, AbortSignal.any([stopping, replaced.signal]));
    const beat = setInterval(() => {
      job
        .step((ctx) => job.note(ctx, {}))
        .catch((error) => {
          if (error instanceof Replaced) replaced.abort();
        });
    }, HEARTBEAT);
    try {
      await runSteps(job);
    } catch (error) {
      if (error instanceof Replaced || replaced.signal.aborted || error instanceof NobodyAsks) return;
      if (!(error instanceof ReadError) || error.code === 'cancelled') throw error;
      if (OWN_FAULTS.has(error.code))
        platform.log.error({ err: error, details: error.details, import: job.import_id }, 'a file could not be read');
      await failImport(job, error.message);
    } finally {
      clearInterval(beat);
    }
  },
};
