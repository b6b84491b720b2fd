/**
 * Reasons for which a file is refused. The codes are stable: the import module, the API and tests rely on them.
 * The messages are read by the person who uploaded the file: what is wrong, then what to do.
 */
const UPLOAD_AGAIN = 'and upload it again.';
const SAVE_AS_XLSX = 'Open it in Excel, choose File > Save As > "Excel Workbook (.xlsx)" and upload the new file.';

export const READ_ERRORS = {
  not_found: 'The uploaded file is no longer there. Upload it again.',
  empty_file: 'This file is empty. Check that it was saved, and upload it again.',
  file_too_large: 'This file is larger than {limit}. Split it into smaller files and upload them one by one.',
  encrypted: `This workbook is protected with a password. Open it in Excel, remove the password (File > Info > Protect Workbook) ${UPLOAD_AGAIN}`,
  old_excel: `This is a workbook of the old Excel format (.xls). ${SAVE_AS_XLSX}`,
  binary_excel: `This is a binary Excel workbook (.xlsb). ${SAVE_AS_XLSX}`,
  xml_spreadsheet: `This is an XML spreadsheet of Excel 2003. ${SAVE_AS_XLSX}`,
  opendocument:
    'This is an OpenDocument spreadsheet (.ods). Open it in LibreOffice, choose File > Save As > "Excel 2007-365 (.xlsx)" and upload the new file.',
  numbers:
    'This is a Numbers document. Open it in Numbers, choose File > Export To > Excel and upload the exported .xlsx file.',
  html: `This file is a web page with the name of a spreadsheet, as some programs export it. ${SAVE_AS_XLSX}`,
  pdf: 'This is a PDF document. A list cannot be read from it: export the list as .xlsx or .csv from the program it comes from.',
  other_office:
    'This is a text document or a presentation, not a spreadsheet. Copy the table into a spreadsheet, save it as .xlsx and upload that.',
  zip_archive:
    'This is a zip archive, not a spreadsheet. Unpack it and upload the .xlsx or .csv file that is inside, one at a time.',
  json_file: 'This is a JSON file. Save the list as .xlsx or .csv and upload that, or send it through the API.',
  not_a_list: 'This is not a spreadsheet. Save the list as .xlsx or .csv and upload that.',
  damaged_zip: `This workbook is damaged or was not transferred completely. Open it in Excel, save it again ${UPLOAD_AGAIN}`,
  damaged_workbook: `This workbook is damaged: {detail}. Open it in Excel, save it again ${UPLOAD_AGAIN}`,
  no_sheets: `This workbook has no sheet with cells. Open it in Excel, check that the list is on a normal sheet, save it ${UPLOAD_AGAIN}`,
  no_such_sheet: 'This workbook has no sheet {detail}. Choose one of the sheets shown.',
  document_type:
    'This workbook contains a document type declaration, which no spreadsheet program writes and which can be used to attack a server. Open it in Excel, save it as a new .xlsx file and upload that.',
  unsupported_compression: `This workbook is packed in a way that cannot be read here. Open it in Excel, save it again ${UPLOAD_AGAIN}`,
  too_many_parts:
    'This workbook consists of more than {limit} parts. Copy the list into a new workbook and upload that.',
  inflates_too_much:
    'This workbook grows to more than {limit} when it is unpacked. Copy the list into a new workbook, or split it, and upload that.',
  too_many_rows:
    'This file has a row beyond number {limit}. Delete empty rows below the list, or split it into smaller files.',
  too_many_columns:
    'Row {row} has more than {limit} columns. Check that the right separator is used and delete columns that are not needed.',
  too_many_cells:
    'This file has more than {limit} cells. Delete rows and columns that are not needed, or split it into smaller files.',
  text_too_long: `This file contains a text of more than {limit} characters. Copy the list into a new workbook ${UPLOAD_AGAIN}`,
  nested_too_deep: `This workbook is nested deeper than a spreadsheet program writes it. Open it in Excel, save it again ${UPLOAD_AGAIN}`,
  too_many_texts:
    'The texts in this workbook need more than {limit}. Delete columns with long texts, or split it into smaller files.',
  too_many_styles: `This workbook has more than {limit} cell styles. Copy the list into a new workbook as values only ${UPLOAD_AGAIN}`,
  unknown_encoding: 'The character set {detail} is not known. Choose another one.',
  bad_option: 'The file cannot be read with this setting: {detail}.',
  timed_out: 'Reading this file took longer than {limit} and was stopped. Split it into smaller files.',
  out_of_memory: 'Reading this file needs more memory than one upload may use. Split it into smaller files.',
  crashed: 'Reading this file failed because of a fault on our side. The file was not changed; please report it.',
  cancelled: 'Reading this file was cancelled.',
} as const;

export type ReadErrorCode = keyof typeof READ_ERRORS;

/** Codes that mean the file was not at fault, or that it got past the reader's own limits: worth an operator's look. */
export const OWN_FAULTS: ReadonlySet<ReadErrorCode> = new Set(['timed_out', 'out_of_memory', 'crashed']);

export interface ReadErrorDetails {
  limit?: string;
  detail?: string;
  row?: number;
  sheet?: string;
  /** For operators: what the child said last, its peak resident memory, its processor time. */
  fault?: string;
  peakBytes?: number;
  cpuSeconds?: number;
}

/** A file that is refused, or a limit that was broken. `message` can be shown to the person as it is. */
export class ReadError extends Error {
  readonly code: ReadErrorCode;
  readonly details: ReadErrorDetails;

  constructor(code: ReadErrorCode, details: ReadErrorDetails = {}) {
    const text: string = READ_ERRORS[code];
    super(text.replace(/\{(limit|detail|row)\}/g, (_all, key: 'limit' | 'detail' | 'row') => `${details[key] ?? '?'}`));
    this.name = 'ReadError';
    this.code = code;
    this.details = details;
  }
}

/** 1048576 -> "1,048,576" */
export function formatCount(count: number): string {
  return String(Math.floor(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 104857600 -> "100 MB" */
export function formatBytes(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${formatCount(bytes / 1024 / 1024)} MB`;
  return bytes >= 1024 ? `${formatCount(bytes / 1024)} kB` : `${bytes} bytes`;
}
