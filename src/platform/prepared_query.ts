import pg from 'pg';

type Values = readonly (string | null)[];
interface Column {
  name: string;
  dataTypeID: number;
}
type Make = (values: Values) => Record<string, unknown>;

interface Shape {
  columns: readonly Column[];
  make: Make;
}

/** The parts of pg's query that reading its rows takes. */
interface Reading {
  name: string;
  callback: (error: unknown, answer?: pg.QueryResult) => void;
  _result: pg.QueryResult;
  _canceledDueToError: unknown;
}

/** By the name of the statement. */
const shapes = new Map<string, Shape>();

const isSame = (known: readonly Column[], now: readonly Column[]): boolean =>
  known.length === now.length &&
  known.every((column, i) => column.name === now[i]!.name && column.dataTypeID === now[i]!.dataTypeID);

/** A function that writes a row down as one literal: an eighth of the time of filling in one property after the other. */
function compile(columns: readonly Column[], types: pg.CustomTypesConfig): Make {
  const plain = types.getTypeParser(pg.types.builtins.TEXT, 'text');
  const parsers = columns.map(({ dataTypeID }) => types.getTypeParser(dataTypeID, 'text') as (text: string) => unknown);
  const fields = columns.map(({ name }, i) => {
    const key = name === '__proto__' ? '["__proto__"]' : JSON.stringify(name);
    return `${key}: ${parsers[i] === plain ? `v[${i}]` : `v[${i}] === null ? null : p[${i}](v[${i}])`}`;
  });
  return new Function('p', `return (v) => ({ ${fields.join(', ')} });`)(parsers) as Make;
}

function shapeOf(name: string, columns: readonly Column[], types: pg.CustomTypesConfig): Shape {
  const known = shapes.get(name);
  if (known && isSame(known.columns, columns)) return known;
  const shape = { columns, make: compile(columns, types) };
  shapes.set(name, shape);
  return shape;
}

const Query = pg.Query as unknown as new (config: object) => pg.Submittable & Reading;

/**
 * A prepared statement, as pg's own query but for how rows are read: pg finds out anew with each answer what its rows look
 * like, which takes as long as reading 25 of them. The same statement has the same columns, so that is kept, and checked.
 */
export class PreparedQuery extends Query {
  readonly #types: pg.CustomTypesConfig;
  #shape: Shape | null = null;

  /** @param config text, name and values @param types how values are read from PostgreSQL's text */
  constructor(config: object, types: pg.CustomTypesConfig) {
    super(config);
    this.#types = types;
  }

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    this._result.fields = fields;
    this.#shape = shapeOf(this.name, fields, this.#types);
  }

  handleDataRow({ fields }: { fields: Values }): void {
    if (this._canceledDueToError) return;
    try {
      this._result.rows.push(this.#shape!.make(fields));
    } catch (error) {
      this._canceledDueToError = error;
    }
  }
}
