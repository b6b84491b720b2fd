/** Finds the parts of a workbook: its sheets in the order of the tabs, its texts and its styles. */
import { posix } from 'node:path';
import { ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { SheetInfo } from './model.ts';
import type { WarningSink } from './warnings.ts';
import { isTrue, relationshipId, scanXml } from './xml.ts';
import { partKey, type Zip } from './zip.ts';

export interface WorkbookSheet extends SheetInfo {
  /** Undefined when the workbook names a sheet whose part is not there. */
  part: string | undefined;
}

export interface Workbook {
  sheets: WorkbookSheet[];
  date1904: boolean;
  sharedStrings: string | undefined;
  styles: string | undefined;
}

interface Relationship {
  id: string;
  /** Last word of the type URI: worksheet, chartsheet, sharedStrings, styles … */
  type: string;
  part: string;
}

/** Relationship types of sheets without cells of their own; they are passed over. */
const NOT_A_LIST = new Set(['chartsheet', 'dialogsheet', 'xlMacrosheet', 'xlIntlMacrosheet']);
const MAX_ITEMS = 10_000;

export async function readStructure(zip: Zip, limits: Limits, warnings: WarningSink): Promise<Workbook> {
  const main = await findWorkbookPart(zip, limits, warnings);
  const relationships = await readRelationships(zip, main, limits, warnings);
  const listed = await readWorkbookPart(zip, main, limits, warnings);
  const byId = new Map(relationships.map((relationship) => [relationship.id, relationship]));
  const sheets: WorkbookSheet[] = [];
  listed.sheets.forEach((sheet, position) => {
    const relationship = sheet.id === undefined ? undefined : byId.get(sheet.id);
    if (relationship && NOT_A_LIST.has(relationship.type)) return;
    const part = relationship?.part ?? guessPart(zip, main, position);
    const index = sheets.length;
    sheets.push({ index, name: sheet.name, hidden: sheet.hidden, part: part && zip.has(part) ? part : undefined });
  });
  const named = (type: string, fallback: string): string | undefined => {
    const part = relationships.find((relationship) => relationship.type === type)?.part;
    if (part !== undefined && zip.has(part)) return part;
    const guess = posix.join(posix.dirname(main), fallback);
    return zip.has(guess) ? guess : undefined;
  };
  return {
    sheets: sheets.length > 0 || listed.sheets.length > 0 ? sheets : sheetsByName(zip),
    date1904: listed.date1904,
    sharedStrings: named('sharedStrings', 'sharedStrings.xml'),
    styles: named('styles', 'styles.xml'),
  };
}

async function findWorkbookPart(zip: Zip, limits: Limits, warnings: WarningSink): Promise<string> {
  const root = await readRelationships(zip, '', limits, warnings);
  const target = root.find((relationship) => relationship.type === 'officeDocument')?.part;
  const candidates = [target, 'xl/workbook.xml', zip.names.find((name) => /(^|\/)workbook\d*\.xml$/i.test(name))];
  const found = candidates.find((part) => part !== undefined && zip.has(part));
  if (found === undefined) throw new ReadError('damaged_workbook', { detail: 'its list of sheets is missing' });
  return found;
}

/** Relationships of a part (ECMA-376 part 2, 6.5); none when they are missing. Targets come back as names of parts. */
async function readRelationships(
  zip: Zip,
  source: string,
  limits: Limits,
  warnings: WarningSink,
): Promise<Relationship[]> {
  const folder = posix.dirname(source || 'root');
  const part = posix.join(folder, '_rels', `${source === '' ? '' : posix.basename(source)}.rels`);
  const found: Relationship[] = [];
  if (!zip.has(part)) return found;
  const open = (name: string, attributes: Readonly<Record<string, string>>) => {
    const { Id, Type, Target, TargetMode } = attributes;
    if (name !== 'Relationship' || Target === undefined || TargetMode === 'External') return;
    if (found.length >= MAX_ITEMS) throw new ReadError('damaged_workbook', { detail: 'it has too many relationships' });
    found.push({
      id: Id ?? '',
      type: Type?.slice(Type.lastIndexOf('/') + 1) ?? '',
      part: resolveTarget(zip, folder, Target),
    });
  };
  await scanXml(zip.stream(part), part, { open, close: () => {} }, limits, warnings);
  return found;
}

/** Relative to the source part or absolute; backslashes, percent signs and paths without their slash occur in the wild. */
function resolveTarget(zip: Zip, folder: string, target: string): string {
  const path = target.replaceAll('\\', '/');
  const relative = path.startsWith('/') ? path.slice(1) : posix.join(folder, path);
  const candidates = [relative, decodePercent(relative), path, decodePercent(path)];
  return candidates.find((candidate) => zip.has(candidate)) ?? relative;
}

function decodePercent(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function readWorkbookPart(zip: Zip, part: string, limits: Limits, warnings: WarningSink) {
  const sheets: { name: string; hidden: boolean; id: string | undefined }[] = [];
  const names = new Set<string>();
  let date1904 = false;
  let inSheets = false;
  await scanXml(
    zip.stream(part),
    part,
    {
      open: (element, attributes, prefixes) => {
        if (element === 'sheets') inSheets = true;
        else if (element === 'workbookPr') date1904 = isTrue(attributes.date1904);
        else if (element === 'sheet' && inSheets) {
          if (sheets.length >= MAX_ITEMS)
            throw new ReadError('damaged_workbook', { detail: 'it lists too many sheets' });
          const name = decodeEscapes(attributes.name ?? `Sheet${sheets.length + 1}`);
          if (names.has(name)) warnings.add('sheet_name_repeated', `Two sheets of the workbook are named "${name}".`);
          names.add(name);
          const hidden = attributes.state === 'hidden' || attributes.state === 'veryHidden';
          sheets.push({ name, hidden, id: relationshipId(attributes, prefixes) });
        }
      },
      close: (element) => {
        if (element === 'sheets') inSheets = false;
      },
    },
    limits,
    warnings,
  );
  return { sheets, date1904 };
}

/** Without relationships the n-th sheet is sheetN.xml, the name all programs use. */
function guessPart(zip: Zip, main: string, position: number): string | undefined {
  const part = posix.join(posix.dirname(main), 'worksheets', `sheet${position + 1}.xml`);
  return zip.has(part) ? part : undefined;
}

function sheetsByName(zip: Zip): WorkbookSheet[] {
  const parts = zip.names.filter((name) => /(^|\/)worksheets\/[^/]+\.xml$/i.test(name));
  parts.sort((a, b) => partKey(a).localeCompare(partKey(b), 'en', { numeric: true }));
  return parts.map((part, index) => ({ index, name: `Sheet${index + 1}`, hidden: false, part }));
}

const ESCAPE = /_x([0-9a-fA-F]{4})_/g;

/** Undoes `_xHHHH_` (ECMA-376 part 1, 22.9.2.19): `_x000A_` is a line feed, `_x005F_` the underscore of a literal one. */
export function decodeEscapes(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(ESCAPE, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
