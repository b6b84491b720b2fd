import { findViolations } from '../invariants.ts';
import { type Command, Failure } from './command.ts';
import { dataDir, serverOf } from './database.ts';

export const CHECK_COMMANDS: readonly Command[] = [
  {
    words: 'check',
    does: 'Looks for what must never be: rows that point into other companies, imports that do not add up, lost jobs.',
    options: {
      files: { help: 'look also whether the uploaded files are in DATA_DIR' },
    },
    run: {
      kind: 'plain',
      work: async (call) => {
        const server = await serverOf(call.env);
        try {
          const files = call.given('files') ? { data_dir: dataDir(call.env) } : {};
          const found = await findViolations(server.url, { live: true, ...files }).catch((error: Error) => {
            throw new Failure(error.message || String(error));
          });
          for (const sentence of found) call.print(sentence);
          if (found.length) throw new Failure(`${found.length} findings. Nothing was changed.`);
          call.print('Nothing wrong was found.');
        } finally {
          await server.stop();
        }
      },
    },
  },
];
