/**
 * Makes one clean table dirty in the ways in which real text files are (the kinds are those of the Pollock benchmark:
 * Vitagliano et al., "Pollock: A Data Loading Benchmark", VLDB 2023), and says what a reader should find in each.
 */
import iconv from 'iconv-lite';

interface Field {
  value: string;
  quoted: boolean;
}

export interface Polluted {
  kind: string;
  name: string;
  content: Buffer;
  /** What should be read, without blank rows and blanks at the end of a row. */
  expected: string[][];
  /** Number of the row that cannot be read with certainty, 0 for the whole file: what differs must be warned of. */
  doubtful?: number;
}

interface Style {
  delimiter: string;
  quote: string;
  /** What stands before a quotation mark inside a quoted field. */
  escape: string;
  end: string;
}

const PLAIN: Style = { delimiter: ',', quote: '"', escape: '"', end: '\r\n' };
const NOUNS = ['lamp', 'chair, folding', 'desk', 'shelf, 3 boards', 'rug', 'bench', 'stool, 12" high', 'box'];
const HEAD = ['Date', 'Time', 'Amount', 'Code', 'Price', 'Product', 'Description', 'Page', 'Remarks'];
const ALWAYS_QUOTED = new Set([6, 7]);

/** Rows as a careless shop system writes them: some columns always quoted, others only where they must be. */
function cleanTable(rows: number): Field[][] {
  const table = [HEAD];
  for (let i = 1; i < rows; i++) {
    const noun = NOUNS[i % NOUNS.length] as string;
    const two = (value: number) => String(value).padStart(2, '0');
    table.push([
      `${two((i % 28) + 1)}/${two((i % 12) + 1)}/2024`,
      `${two(i % 24)}:${two((i * 15) % 60)}`,
      String(i % 7),
      `${['AB', 'KX', 'RT'][i % 3]}-${1000 + i * 37}`,
      `$${(i * 7.31).toFixed(2)}`,
      i % 3 === 0 ? `Maker's ${noun}` : `Sturdy ${noun}`,
      i % 4 === 0
        ? `Made for people who like it plain: a ${noun} for every day`
        : `Light, quick to clean and built to last, this ${noun} won't let you down in any weather, summer or winter.`,
      `https://shop.example/p/${1000 + i * 37}.html`,
      i % 20 === 7 ? 'last pieces' : '',
    ]);
  }
  return table.map((row) =>
    row.map((value, column) => ({ value, quoted: ALWAYS_QUOTED.has(column) || /[",]/.test(value) })),
  );
}

const values = (table: Field[][]) => table.map((row) => row.map(({ value }) => value));

export function trimmed(rows: string[][]): string[][] {
  return rows.map((row) => row.slice(0, row.findLastIndex((cell) => cell !== '') + 1)).filter((row) => row.length > 0);
}

function fieldText({ value, quoted }: Field, style: Style): string {
  const { quote } = style;
  return quoted ? quote + value.replaceAll(quote, style.escape + quote) + quote : value;
}

const rowText = (row: Field[], style: Style) => row.map((field) => fieldText(field, style)).join(style.delimiter);
const tableText = (table: Field[][], style: Style) => table.map((row) => rowText(row, style) + style.end).join('');

/** Every kind of pollution of a table of so many rows; those of a cell are made for every `step`-th cell. */
export function* pollutions(rows: number, step = 1): Generator<Polluted> {
  const table = cleanTable(rows);
  const clean = tableText(table, PLAIN);
  const expected = trimmed(values(table));
  const make = (kind: string, name: string, content: string | Buffer, more: Partial<Polluted> = {}): Polluted => ({
    kind,
    name,
    content: Buffer.from(content as string),
    expected,
    ...more,
  });
  /** The table with one row written differently. */
  const withRow = (at: number, write: (row: Field[]) => string, end = PLAIN.end) =>
    table.map((row, i) => (i === at ? write(row) + end : rowText(row, PLAIN) + PLAIN.end)).join('');
  const head = table[0] as Field[];
  const body = table.slice(1);

  yield make('clean', 'clean', clean);
  for (const name of ['source', '\u00a0.csv', '$.csv', '.csv', 'a.tsv', 'a.pdf', 'a.b.c'])
    yield make('file name', name, clean);
  yield make('line ends', 'none at the end', clean.slice(0, -2));
  yield make('line ends', 'two at the end', `${clean}\r\n`);
  for (const end of ['\n', '\r', '\r\r\n'])
    yield make('line ends', JSON.stringify(end), tableText(table, { ...PLAIN, end }));

  for (const encoding of ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-1', 'windows-1250']) {
    for (const addBOM of encoding.startsWith('utf') ? [true, false] : [false]) {
      const city = encoding === 'windows-1250' ? 'Győr, Erdős út' : 'Köln, Straße';
      const accented = clean.replaceAll('every day', city);
      const found = expected.map((row) => row.map((cell) => cell.replaceAll('every day', city)));
      const content = iconv.encode(accented, encoding, { addBOM });
      yield make('encoding', `${encoding} ${addBOM}`, content, { expected: found });
    }
  }

  for (const delimiter of [';', '|', '\t', '\t\t', ', ', ':', '^', '~', '||', ' ; ', '\u001f']) {
    // a separator inside a value is quoted, as any program does it
    const safe = table.map((row) =>
      row.map((field) => ({ ...field, quoted: field.quoted || field.value.includes(delimiter.trim() || delimiter) })),
    );
    yield make('separator', JSON.stringify(delimiter), tableText(safe, { ...PLAIN, delimiter }));
  }
  const spaced = table.map((row) => row.map(({ value }) => ({ value, quoted: value === '' || /[\s"]/.test(value) })));
  yield make('separator', '" "', tableText(spaced, { ...PLAIN, delimiter: ' ' }));
  yield make('separator', 'unquoted blanks', tableText(table, { ...PLAIN, delimiter: ' ' }), { doubtful: 0 });
  yield make('quotation mark', "'", tableText(table, { ...PLAIN, quote: "'", escape: "'" }));
  yield make(
    'quotation mark',
    'everywhere',
    tableText(
      table.map((row) => row.map((field) => ({ ...field, quoted: true }))),
      PLAIN,
    ),
  );
  yield make(
    'quotation mark',
    'only where needed',
    tableText(
      table.map((row) => row.map(({ value }) => ({ value, quoted: /[",]/.test(value) }))),
      PLAIN,
    ),
  );
  yield make('escape', 'backslash', tableText(table, { ...PLAIN, escape: '\\' }));
  yield make('escape', 'none', tableText(table, { ...PLAIN, escape: '' }));

  yield make('header', 'none', tableText(body, PLAIN), { expected: expected.slice(1) });
  for (const count of [2, 3])
    yield make('header', `${count} rows`, tableText([...Array<Field[]>(count).fill(head), ...body], PLAIN), {
      expected: [...Array<string[]>(count).fill(HEAD), ...expected.slice(1)],
    });
  for (const name of ['', 'HEAD/%R', '__proto__', 'Price', 'long'.repeat(2000)]) {
    const other = [{ value: name, quoted: false }, ...head.slice(1)];
    yield make('header', name.slice(0, 20), tableText([other, ...body], PLAIN), {
      expected: [[name, ...HEAD.slice(1)], ...expected.slice(1)],
    });
  }
  yield make('rows', 'only the header', tableText([head], PLAIN), { expected: [HEAD] });
  yield make('rows', 'one', tableText(table.slice(0, 2), PLAIN), { expected: expected.slice(0, 2) });

  for (const [where, note] of [
    ['preamble', 'List of products'],
    ['footer', 'Source: the warehouse'],
  ] as const) {
    for (const delimited of [true, false]) {
      for (const lines of [1, 3]) {
        for (const gap of ['', '\r\n', `${','.repeat(8)}\r\n`]) {
          const line = `${note}${delimited ? ','.repeat(8) : ''}\r\n`.repeat(lines);
          const notes = Array<string[]>(lines).fill([note]);
          const name = `${lines} ${delimited ? 'delimited' : 'plain'} ${JSON.stringify(gap)}`;
          yield where === 'preamble'
            ? make(where, name, line + gap + clean, { expected: [...notes, ...expected] })
            : make(where, name, clean + gap + line, { expected: [...expected, ...notes] });
        }
      }
    }
  }
  for (const [name, width] of [
    ['less', 8],
    ['same', 9],
    ['more', 10],
  ] as const) {
    for (const gap of ['', '\r\n']) {
      const second = body.map((row) => [...row, { value: 'x', quoted: false }].slice(0, width));
      const found = [...expected, ...trimmed(values(second))];
      yield make('two tables', `${name} ${JSON.stringify(gap)}`, clean + gap + tableText(second, PLAIN), {
        expected: found,
      });
    }
  }

  const changed = (at: number, row: string[]) => trimmed(values(table).map((old, i) => (i === at ? row : old)));
  for (let at = 0; at < rows; at++) {
    if (at % step !== 0 && at !== rows - 1) continue;
    const row = table[at] as Field[];
    const own = row.map(({ value }) => value);
    const spot = { doubtful: at + 1 };
    for (let column = 0; column < row.length; column++) {
      const name = `row ${at + 1} column ${column + 1}`;
      const parts = row.map((field) => fieldText(field, PLAIN));
      const { value, quoted } = row[column] as Field;
      const more = [...parts.slice(0, column), '', ...parts.slice(column)].join(',');
      yield make(
        'separator too many',
        name,
        withRow(at, () => more),
        { ...spot, expected: changed(at, own) },
      );
      if (column > 0) {
        const less = `${parts.slice(0, column).join(',')}${parts.slice(column).join(',')}`;
        yield make(
          'separator missing',
          name,
          withRow(at, () => less),
          spot,
        );
      }
      const odd = quoted ? `"${fieldText(row[column] as Field, PLAIN)}` : `"${value}`;
      const extra = [...parts.slice(0, column), odd, ...parts.slice(column + 1)].join(',');
      const kept = own.map((one, i) => (i === column ? `"${one}` : one));
      yield make(
        'quotation mark too many',
        name,
        withRow(at, () => extra),
        { ...spot, expected: changed(at, kept) },
      );
      if (!quoted) continue;
      const open = parts.map((one, i) => (i === column ? one.slice(1) : one)).join(',');
      yield make(
        'opening mark missing',
        name,
        withRow(at, () => open),
        spot,
      );
      const unclosed = parts.map((one, i) => (i === column ? one.slice(0, -1) : one)).join(',');
      yield make(
        'closing mark missing',
        name,
        withRow(at, () => unclosed),
        spot,
      );
    }
    for (const delimiter of [' ', ';', '\t', '|'])
      yield make(
        'separator of one row',
        `row ${at + 1} ${JSON.stringify(delimiter)}`,
        withRow(at, (one) => rowText(one, { ...PLAIN, delimiter })),
        spot,
      );
    yield make(
      'quotation mark of one row',
      `row ${at + 1}`,
      withRow(at, (one) => rowText(one, { ...PLAIN, quote: "'", escape: "'" })),
      spot,
    );
    yield make(
      'escape of one row',
      `row ${at + 1}`,
      withRow(at, (one) => rowText(one, { ...PLAIN, escape: '\\' })),
      spot,
    );
    yield make(
      'line end of one row',
      `row ${at + 1}`,
      withRow(at, (one) => rowText(one, PLAIN), '\n'),
    );
    yield make(
      'fields of one row',
      `row ${at + 1} none`,
      withRow(at, () => ''),
      { expected: trimmed(values(table.toSpliced(at, 1))) },
    );
    yield make(
      'fields of one row',
      `row ${at + 1} 5`,
      withRow(at, (one) => rowText(one.slice(0, 5), PLAIN)),
      { expected: changed(at, own.slice(0, 5)) },
    );
    const wide = [...row, ...Array<Field>(6).fill({ value: 'pad', quoted: false })];
    yield make(
      'fields of one row',
      `row ${at + 1} 15`,
      withRow(at, () => rowText(wide, PLAIN)),
      {
        expected: changed(
          at,
          wide.map(({ value }) => value),
        ),
      },
    );
  }
}
