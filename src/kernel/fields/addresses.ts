import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { z } from 'zod';
import { cell, clean, control, type Field, type FieldOptions, value, wrong } from './field.ts';
import { text } from './text.ts';

// Linear on purpose (no nested repetition); RFC 5321 allows 64 + 1 + 255, of which 254 can be sent to.
const EMAIL =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~\u0080-\uffff-]{1,64}@[a-z0-9\u0080-\uffff](?:[a-z0-9.\u0080-\uffff-]{0,250}[a-z0-9\u0080-\uffff])?$/i;

/** The address as it is stored and compared, or null when it is none. */
export function normalEmail(raw: string): string | null {
  const address = clean(raw)
    .replace(/^mailto:/i, '')
    .toLowerCase();
  if (address.length > 254 || !EMAIL.test(address)) return null;
  const [local = '', domain = ''] = [
    address.slice(0, address.lastIndexOf('@')),
    address.slice(address.lastIndexOf('@') + 1),
  ];
  if (/^\.|\.$|\.\./.test(local) || /\.\.|\.-|-\./.test(domain) || !domain.includes('.')) return null;
  return address;
}

/** Reads and checks through one function for people, spreadsheets and the API alike. */
function checked(read: (raw: string) => string | null, message: string) {
  return {
    schema: z.string().transform((raw, issue) => {
      const found = read(raw);
      if (found === null) issue.addIssue({ code: 'custom', message });
      return found ?? '';
    }),
    fromText(raw: string) {
      const found = read(raw);
      return found === null ? wrong(message) : value(found);
    },
  };
}

export function email(options: FieldOptions = {}): Field {
  return {
    ...text({ ...options, max: 254 }),
    ...checked(normalEmail, 'This is not an e-mail address. It looks like name@company.com.'),
    kind: 'email',
    options,
    toCell: (stored) => cell('link', String(stored ?? ''), { href: `mailto:${stored}` }),
    input: control('email', { max: 254 }),
  };
}

/** As typed when it cannot be read as international; +… numbers are stored in E.164's spacing. */
export function normalPhone(raw: string): string | null {
  const typed = clean(raw).replace(/\s+/g, ' ');
  if (typed.length > 60 || !/\d/.test(typed) || !/^[+\d\s()./,;x#*a-z:-]+$/i.test(typed)) return null;
  const parsed = typed.startsWith('+') ? parsePhoneNumberFromString(typed) : undefined;
  return parsed?.isPossible() ? parsed.formatInternational() : typed;
}

export function phone(options: FieldOptions = {}): Field {
  return {
    ...text({ ...options, max: 60 }),
    ...checked(normalPhone, 'This is not a phone number. It looks like +49 30 123456.'),
    kind: 'phone',
    options,
    toCell: (stored) =>
      cell('link', String(stored ?? ''), { href: `tel:${String(stored ?? '').replace(/[^+\d]/g, '')}` }),
    input: control('tel', { max: 60 }),
  };
}

/** A web address with http or https and nothing that runs; "example.com" gets its https. */
export function normalUrl(raw: string): string | null {
  const typed = clean(raw);
  const full = /^[a-z][a-z0-9+.-]*:/i.test(typed) && !/^[^:/]+:\d+(\/|$)/.test(typed) ? typed : `https://${typed}`;
  if (full.length > 500 || /[\s"'<>\\^`{|}]/.test(full)) return null;
  const parsed = URL.canParse(full) ? new URL(full) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || !parsed.hostname.includes('.')) return null;
  return parsed.href.replace(/\/$/, parsed.pathname === '/' && !parsed.search && !parsed.hash ? '' : '/');
}

export function url(options: FieldOptions = {}): Field {
  return {
    ...text({ ...options, max: 500 }),
    ...checked(normalUrl, 'This is not a web address. It looks like https://company.com.'),
    kind: 'url',
    options,
    toCell: (stored) =>
      cell('link', String(stored ?? '').replace(/^https?:\/\/(www\.)?/, ''), {
        href: String(stored ?? ''),
        title: String(stored ?? ''),
      }),
    input: control('url', { max: 500 }),
  };
}
