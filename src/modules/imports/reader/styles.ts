/** Number formats of the cell styles. Fonts, colours and borders say nothing about the data and are passed over. */
import { formatCount, ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import { compileFormat, type NumberFormat } from './number_format.ts';
import type { WarningSink } from './warnings.ts';
import { scanXml } from './xml.ts';
import type { Zip } from './zip.ts';

/** Excel's own maximum is 65,490 cell formats. */
const MAX_STYLES = 100_000;

/**
 * ECMA-376 part 1, 18.8.30, as an English (US) Excel shows them. The dates among them follow the settings of the reader's
 * computer, so their text is no more than a habit (two-digit years in Excel for Mac); `value` is what counts.
 */
const BUILT_IN: Readonly<Record<number, string>> = {
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  5: '"$"#,##0_);\\("$"#,##0\\)',
  6: '"$"#,##0_);[Red]\\("$"#,##0\\)',
  7: '"$"#,##0.00_);\\("$"#,##0.00\\)',
  8: '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)',
  9: '0%',
  10: '0.00%',
  11: '0.00E+00',
  12: '# ?/?',
  13: '# ??/??',
  14: 'm/d/yy',
  15: 'd-mmm-yy',
  16: 'd-mmm',
  17: 'mmm-yy',
  18: 'h:mm AM/PM',
  19: 'h:mm:ss AM/PM',
  20: 'h:mm',
  21: 'h:mm:ss',
  22: 'm/d/yy h:mm',
  37: '#,##0_);(#,##0)',
  38: '#,##0_);[Red](#,##0)',
  39: '#,##0.00_);(#,##0.00)',
  40: '#,##0.00_);[Red](#,##0.00)',
  41: '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)',
  42: '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)',
  43: '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)',
  44: '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)',
  45: 'mm:ss',
  46: '[h]:mm:ss',
  47: 'mm:ss.0',
  48: '##0.0E+0',
  49: '@',
};

/** Ids that East Asian and Thai versions use for dates and numbers of their own: the nearest of the above. */
function builtInCode(id: number): string {
  if (
    (id >= 27 && id <= 31) ||
    id === 36 ||
    (id >= 50 && id <= 54) ||
    id === 57 ||
    id === 58 ||
    id === 71 ||
    id === 72
  ) {
    return BUILT_IN[14] as string;
  }
  if (id >= 32 && id <= 35) return BUILT_IN[21] as string;
  if (id === 55 || id === 56) return BUILT_IN[14] as string;
  const thai: Record<number, number> = {
    59: 1,
    60: 2,
    61: 3,
    62: 4,
    67: 9,
    68: 10,
    69: 12,
    70: 13,
    73: 15,
    74: 16,
    75: 17,
    76: 20,
    77: 21,
    78: 45,
    79: 46,
    80: 47,
    81: 22,
  };
  return BUILT_IN[thai[id] ?? id] ?? 'General';
}

/** The number format of each cell style, compiled when first asked for. */
export class Styles {
  private readonly codes = new Map<number, string>();
  private readonly formatIds: number[] = [];
  private readonly compiled: NumberFormat[] = [];
  private readonly byCode = new Map<string, NumberFormat>();
  private readonly date1904: boolean;

  constructor(date1904: boolean) {
    this.date1904 = date1904;
  }

  addCode(id: number, code: string): void {
    if (this.codes.size >= MAX_STYLES) throw tooManyStyles();
    // No code is what Excel calls General; some programs write one for format 0, which every number without a style has.
    if (code !== '') this.codes.set(id, code);
  }

  addStyle(formatId: number): void {
    if (this.formatIds.length >= MAX_STYLES) throw tooManyStyles();
    this.formatIds.push(formatId);
  }

  /** General for a style that does not exist. */
  format(style: number): NumberFormat {
    const known = this.compiled[style];
    if (known) return known;
    const id = this.formatIds[style] ?? 0;
    const code = this.codes.get(id) ?? builtInCode(id);
    let format = this.byCode.get(code);
    if (!format) {
      format = compileFormat(code, this.date1904);
      this.byCode.set(code, format);
    }
    if (style >= 0 && style < this.formatIds.length) this.compiled[style] = format;
    return format;
  }
}

function tooManyStyles(): ReadError {
  return new ReadError('too_many_styles', { limit: formatCount(MAX_STYLES) });
}

export async function readStyles(
  zip: Zip,
  part: string | undefined,
  date1904: boolean,
  limits: Limits,
  warnings: WarningSink,
): Promise<Styles> {
  const styles = new Styles(date1904);
  if (part === undefined) return styles;
  let inCellFormats = false;
  let inCodes = false; // differential formats (dxf) carry numFmt elements too, with ids of their own
  await scanXml(
    zip.stream(part),
    part,
    {
      open: (name, attributes) => {
        if (name === 'numFmts') inCodes = true;
        else if (name === 'numFmt' && inCodes && attributes.formatCode !== undefined) {
          styles.addCode(Number(attributes.numFmtId), attributes.formatCode);
        } else if (name === 'cellXfs') inCellFormats = true;
        else if (name === 'xf' && inCellFormats) styles.addStyle(Number(attributes.numFmtId ?? 0));
      },
      close: (name) => {
        if (name === 'cellXfs') inCellFormats = false;
        else if (name === 'numFmts') inCodes = false;
      },
    },
    limits,
    warnings,
  );
  return styles;
}
