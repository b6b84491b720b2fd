// A program that hands in one list after another and notes which were taken: those have to be there, whole, once.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { until } from './process.ts';

/** Rows of a list. */
const ROWS = 300;
/** Between the answer to a list and the next one, in ms. */
const PAUSE = 1_000;

/** A job that failed again and again, because what it needs was away, rests for minutes before the next try, in ms. */
const LONGEST = 300_000;

interface Ground {
  upload(url: string, list: string, options?: object): Promise<Response>;
  sql<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>;
}

export class Importer {
  readonly lists: { name: string; id: string | null }[] = [];
  readonly #ground: Ground;
  readonly #url: string;
  #stopping = false;
  #working: Promise<void> = Promise.resolve();

  constructor(ground: Ground, url: string) {
    this.#ground = ground;
    this.#url = url;
  }

  begin(): void {
    this.#working = this.#work();
  }

  /** Resolves when the product has written every list that it took, or says of it that it cannot. */
  async finish(): Promise<void> {
    this.#stopping = true;
    await this.#working;
    const taken = this.lists.map(({ id }) => id).filter(Boolean);
    const open = () =>
      this.#ground.sql(`select * from imports where id = any($1) and state not in ('committed', 'failed')`, [taken]);
    try {
      await until('all lists to be written', async () => !(await open()).length, LONGEST);
    } catch (error) {
      const jobs = await this.#ground.sql('select * from graphile_worker._private_jobs');
      throw new Error(JSON.stringify({ open: await open(), jobs }, null, 1), { cause: error });
    }
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      const list = { name: `List ${randomUUID()}`, id: null as string | null };
      this.lists.push(list);
      const rows = Array.from({ length: ROWS }, (_, i) => `${list.name} row ${i},Ulm`);
      try {
        const answer = await this.#ground.upload(this.#url, ['Name,City', ...rows].join('\n'), { commit: true });
        const { data } = (await answer.json()) as { data?: { id: string } };
        if (answer.status === 202) list.id = data!.id;
      } catch {
        // nobody knows whether it was taken
      }
      await sleep(PAUSE);
    }
  }

  /** Sentences about lists that were taken and are not there whole, and about any that is there in part or twice. */
  async differences(): Promise<string[]> {
    const rows = await this.#ground.sql<{ list: string; n: number; different: number }>(
      `select substr(name, 1, 41) as list, count(*)::int as n, count(distinct name)::int as different
       from customers where name like 'List %' group by 1`,
    );
    const there = new Map(rows.map((row) => [row.list, row]));
    return this.lists.flatMap(({ name, id }) => {
      const { n, different } = there.get(name) ?? { n: 0, different: 0 };
      const whole = n === ROWS && different === ROWS;
      return whole || (n === 0 && !id)
        ? []
        : [`${name}: ${id ? 'taken' : 'not taken'}, ${n} rows, ${different} different`];
    });
  }
}
