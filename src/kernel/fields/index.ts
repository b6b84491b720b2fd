import { email, phone, url } from './addresses.ts';
import { boolean, choice } from './choice.ts';
import { date, timestamp } from './dates.ts';
import { ref, tags } from './links.ts';
import { currency, money, number } from './numbers.ts';
import { list, long_text, text } from './text.ts';

/** The fifteen field types; an entity is declared with these. */
export const f = {
  text,
  long_text,
  email,
  phone,
  url,
  choice,
  boolean,
  number,
  money,
  currency,
  date,
  timestamp,
  ref,
  tags,
  list,
};
