/**
 * Streaming XML for the parts of a workbook: any encoding a part may have, namespaces resolved, no document types,
 * bounded depth and token length, forgiving where a fault does not touch the structure.
 */
import { SaxesParser } from 'saxes';
import { formatCount, ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { WarningSink } from './warnings.ts';
import { PLAIN_DEPTH, PlainFeed, type PlainItems } from './xml_plain.ts';

export type Attributes = Readonly<Record<string, string>>;

export interface XmlHandler {
  /** `name` without prefix; '' for an element that does not belong to the namespace of the root element. */
  open(name: string, attributes: Attributes, prefixes: Prefixes): void;
  close(name: string): void;
  text?(text: string): void;
  /** Awaited after each chunk; lets the consumer keep up. Return false to stop reading here. */
  pause?(): Promise<boolean> | undefined;
  /** Elements that repeat so often that plain ones are worth a quicker way; then no events come of them. */
  readonly plain?: PlainItems;
}

export interface Prefixes {
  /** Namespace of a prefix in force at this element, '' when there is none. */
  uri(prefix: string): string;
}

/** Transitional and strict SpreadsheetML, and what packages use around it. Other roots bring their own namespace. */
const SPREADSHEET_NAMESPACES = [
  'http://schemas.openxmlformats.org/spreadsheetml/2006/main',
  'http://purl.oclc.org/ooxml/spreadsheetml/main',
];

/** Faults that leave the structure intact. Everything else that saxes finds is damage. */
const HARMLESS =
  /disallowed character\.$|entity|duplicate attribute|no whitespace between attributes|XML declaration|version number|encoding value|standalone value|expected (?:the name|one of)|did not expect|whitespace required|processing instruction|malformed comment|"\]\]>"|text data outside|attribute without value\.$|unquoted attribute value|value (?:required|must be quoted)|anywhere in XML/;
const MAX_REPAIRS = 1000;
const ENTITIES = { amp: '&', gt: '>', lt: '<', quot: '"', apos: "'" };

/** Reads one part. `name` is for messages. Throws ReadError. */
export async function scanXml(
  chunks: AsyncIterable<Buffer>,
  name: string,
  handler: XmlHandler,
  limits: Limits,
  warnings: WarningSink,
): Promise<void> {
  const parser = new SaxesParser({ xmlns: false, position: false, fileName: '' });
  parser.ENTITIES = Object.assign(Object.create(null), ENTITIES);
  const scopes = new NamespaceScopes();
  let repairs = 0;
  /** Characters given to the parser, and where among them the last tag ended. */
  let written = 0;
  let tagEnd = 0;

  parser.on('error', (error) => {
    if (!HARMLESS.test(error.message)) throw damaged(name, error.message);
    if (++repairs > MAX_REPAIRS) throw damaged(name, 'too many faults');
    if (repairs === 1) {
      warnings.add(
        'xml_repaired',
        `The part ${name} of the workbook has a fault (${error.message.replace(/\.$/, '')}) and was read nevertheless. Check the values.`,
      );
    }
  });
  parser.on('doctype', () => {
    throw new ReadError('document_type');
  });
  const names: string[] = [];
  // saxes joins a text or tag in memory until it ends
  const checkLength = (position: number) => {
    if (position - tagEnd > limits.xmlTokenCharacters) {
      throw new ReadError('text_too_long', { limit: formatCount(limits.xmlTokenCharacters) });
    }
  };
  const endTag = () => {
    checkLength(parser.position);
    tagEnd = parser.position;
  };
  parser.on('opentag', (tag) => {
    endTag();
    const depth = names.length + 1;
    if (depth > limits.xmlDepth) throw new ReadError('nested_too_deep');
    const attributes = tag.attributes as Attributes;
    for (const key in attributes) {
      if (key.startsWith('xmlns')) scopes.declare(key, attributes[key] as string, depth);
    }
    const name = scopes.localName(tag.name, depth === 1);
    names.push(name);
    handler.open(name, attributes, scopes);
  });
  parser.on('closetag', () => {
    endTag();
    handler.close(names.pop() ?? '');
    scopes.leave(names.length + 1);
  });
  if (handler.text) {
    const text = (value: string) => handler.text?.(value);
    parser.on('text', text);
    parser.on('cdata', text);
  }

  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let head: Buffer | undefined;
  const write = (text: string) => {
    parser.write(text);
    written += text.length;
    checkLength(written);
  };
  const feed = handler.plain
    ? new PlainFeed(handler.plain, limits.xmlTokenCharacters, {
        write,
        // XML 1.1 has other characters and line ends
        isBetween: (container, item) =>
          names.at(-1) === container &&
          written === tagEnd &&
          scopes.localName(item, false) === item &&
          names.length + PLAIN_DEPTH <= limits.xmlDepth &&
          (parser.xmlDecl.version ?? '1.0') === '1.0',
      })
    : { write, end: () => {} };
  let lost = false;
  const take = (text: string) => {
    if (!lost && text.includes('\ufffd')) {
      lost = true;
      warnings.add(
        'bytes_unreadable',
        `Some characters in the part ${name} of the workbook cannot be read or were lost before; they are shown as \ufffd. Check names with accents.`,
      );
    }
    feed.write(text);
  };
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (!decoder) {
      // the encoding shows in the XML declaration: wait for enough of it
      head = head ? Buffer.concat([head, chunk]) : chunk;
      if (head.length < 128) continue;
      bytes = head;
      decoder = new TextDecoder(xmlEncoding(head), { ignoreBOM: false });
    }
    take(decoder.decode(bytes, { stream: true }));
    const pause = handler.pause?.();
    if (pause && !(await pause)) return;
  }
  if (!decoder) {
    if (!head || head.length === 0) throw damaged(name, 'it is empty');
    decoder = new TextDecoder(xmlEncoding(head));
    take(decoder.decode(head, { stream: true }));
  }
  take(decoder.decode());
  feed.end();
  parser.close();
}

function damaged(name: string, reason: string): ReadError {
  return new ReadError('damaged_workbook', {
    detail: `its part ${name} cannot be read (${reason.replace(/\.$/, '')})`,
  });
}

/** By byte order mark, by the pattern of the first "<", by the declaration; UTF-8 otherwise (XML 1.0, appendix F). */
export function xmlEncoding(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0x3c && head[1] === 0) return 'utf-16le';
  if (head[0] === 0 && head[1] === 0x3c) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb) return 'utf-8';
  const declared = /^\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head.toString('latin1', 0, 256))?.[1];
  // a declaration that can be read as ASCII is not UTF-16, whatever it says
  if (!declared || /^utf-?(8|16|32)/i.test(declared)) return 'utf-8';
  try {
    return new TextDecoder(declared).encoding;
  } catch {
    return 'utf-8';
  }
}

/** Prefixes in force. Names are resolved once per prefix declaration, since a sheet repeats a dozen of them endlessly. */
class NamespaceScopes implements Prefixes {
  private readonly declared: { prefix: string; uri: string; depth: number }[] = [];
  private readonly names = new Map<string, string>();
  private rootUri = '';

  declare(attribute: string, uri: string, depth: number): void {
    if (attribute !== 'xmlns' && attribute[5] !== ':') return;
    this.declared.push({ prefix: attribute.slice(6), uri, depth });
    this.names.clear();
  }

  leave(depth: number): void {
    while ((this.declared.at(-1)?.depth ?? -1) >= depth) {
      this.declared.pop();
      this.names.clear();
    }
  }

  uri(prefix: string): string {
    return this.declared.findLast((scope) => scope.prefix === prefix)?.uri ?? '';
  }

  localName(name: string, isRoot: boolean): string {
    if (isRoot) this.rootUri = this.uri(prefixOf(name));
    let local = this.names.get(name);
    if (local === undefined) {
      const uri = this.uri(prefixOf(name));
      const known = uri === this.rootUri || SPREADSHEET_NAMESPACES.includes(uri);
      local = known ? name.slice(name.indexOf(':') + 1) : '';
      if (this.names.size < 1000) this.names.set(name, local);
    }
    return local;
  }
}

function prefixOf(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? '' : name.slice(0, colon);
}

/** The value of an attribute of the relationships namespace (`r:id`), whatever its prefix. */
export function relationshipId(attributes: Attributes, prefixes: Prefixes): string | undefined {
  for (const key in attributes) {
    const colon = key.indexOf(':');
    if (colon < 0 || key.slice(colon + 1) !== 'id') continue;
    const uri = prefixes.uri(key.slice(0, colon));
    if (uri === '' || uri.endsWith('/relationships')) return attributes[key];
  }
  return undefined;
}

/** xsd:boolean: "1", "true", and "on" as some writers have it. */
export function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true' || value === 'on' || value === 'True' || value === 'TRUE';
}
