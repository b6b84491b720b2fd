import { normalEmail, normalUrl } from '#src/kernel/fields/addresses.ts';
import { readDate } from '#src/kernel/fields/dates.ts';
import { clean, cut } from '#src/kernel/fields/field.ts';
import type { ColumnInfo } from './model.ts';
import { cellKind, cellText, isBlank, type StagedCell } from './staged_cells.ts';

/** Different values a column may have to be offered one by one. */
const MOST_VALUES = 40;
/** Looks are judged by the first values; the rest changes nothing. */
const LOOKED_AT = 500;

/** Texts whose order a column decides: with dots the day comes first everywhere, and a real date needs no reading. */
const SHORT_DATE = /^(\d{1,2})[-/](\d{1,2})[-/]\d{4}\b/;
const PHONE = /^\+?[\d\s()./-]{6,25}(\s*(x|ext\.?)\s*\d+)?$/i;
const URL_LIKE = /^(https?:\/\/|www\.)|^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,20}(\/|$)/i;

interface Gathered {
  info: ColumnInfo;
  values: Map<string, number> | null;
}

/** Learns what stands in each column while the rows pass by. */
export class ColumnGatherer {
  readonly #columns: Gathered[] = [];
  readonly #most: number;
  #width = 0;

  /** @param most columns that are looked at and can be mapped; a list with more is told so */
  constructor(most: number) {
    this.#most = most;
  }

  add(cells: readonly StagedCell[]): void {
    for (const [index, cell] of cells.entries()) {
      if (cell === null || isBlank(cell)) continue;
      if (index >= this.#width) this.#width = index + 1;
      if (index < this.#most) this.#note(index, cell);
    }
  }

  #note(index: number, cell: StagedCell): void {
    let column = this.#columns[index];
    if (!column) {
      const looks = { email: 0, phone: 0, url: 0, date: 0, number: 0 };
      const info: ColumnInfo = { index, header: '', samples: [], filled: 0, looks, values: null, day_order: '' };
      column = { info, values: new Map() };
      this.#columns[index] = column;
    }
    const { info } = column;
    const text = clean(cellText(cell));
    info.filled += 1;
    if (info.samples.length < 3) info.samples.push(cut(text, 120) || '(formula without a value)');
    if (column.values) {
      const key = cut(text, 200);
      column.values.set(key, (column.values.get(key) ?? 0) + 1);
      if (column.values.size > MOST_VALUES) column.values = null;
    }
    const kind = cellKind(cell);
    const short = kind === 'text' ? SHORT_DATE.exec(text) : null;
    if (short) noteOrder(info, Number(short[1]), Number(short[2]));
    if (info.filled > LOOKED_AT) return;
    if (kind === 'date' || kind === 'datetime' || (text.length <= 30 && readDate(text, 'en-GB'))) info.looks.date += 1;
    else if (kind === 'number') info.looks.number += 1;
    else if (text.includes('@') && normalEmail(text)) info.looks.email += 1;
    else if (URL_LIKE.test(text) && normalUrl(text)) info.looks.url += 1;
    else if (PHONE.test(text)) info.looks.phone += 1;
  }

  /** @param headers names by column; as many columns are told of as there are names, at most those looked at */
  finish(headers: readonly string[]): ColumnInfo[] {
    return headers.slice(0, this.#most).map((header, index) => {
      const gathered = this.#columns[index];
      if (!gathered) {
        const looks = { email: 0, phone: 0, url: 0, date: 0, number: 0 };
        return { index, header, samples: [], filled: 0, looks, values: [], day_order: '' };
      }
      return { ...gathered.info, header, values: gathered.values && [...gathered.values] };
    });
  }

  /** Columns up to the last one that is filled, those beyond the limit too. */
  get width(): number {
    return this.#width;
  }
}

/** 13/4/2026 can only be day first; 3/4/2026 says nothing. The first that decides it counts. */
function noteOrder(info: ColumnInfo, first: number, second: number): void {
  const says = first > 12 && second <= 12 ? 'dmy' : second > 12 && first <= 12 ? 'mdy' : 'either';
  if (info.day_order === '' || info.day_order === 'either') {
    if (says !== 'either' || info.day_order === '') info.day_order = says;
  }
}
