// Forms as a browser would send them, read from the page's HTML.

/** Attribute or text as it was before it was escaped. */
export const plainText = (text: string) =>
  text
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

/** What a browser would send of the first form of a page whose action is this. */
export function formOf(html: string, action: string): Record<string, string> {
  const form = new RegExp(`<form[^>]*action="${action}"[^>]*>([\\s\\S]*?)</form>`).exec(html)?.[1] ?? '';
  const fields: Record<string, string> = {};
  for (const [tag] of form.matchAll(/<(input|select|textarea)\b[^>]*>/g)) {
    const at = (name: string) => plainText(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
    const name = at('name');
    if (!name || (/type="(radio|checkbox)"/.test(tag) && !/\schecked/.test(tag))) continue;
    const body = form.slice(form.indexOf(tag) + tag.length);
    if (tag.startsWith('<select')) {
      const options = body.slice(0, body.indexOf('</select>'));
      const [chosen] = /<option[^>]*\sselected[^>]*>/.exec(options) ?? /<option[^>]*>/.exec(options) ?? [''];
      fields[name] = plainText(/value="([^"]*)"/.exec(chosen)?.[1] ?? '');
    } else if (tag.startsWith('<textarea'))
      fields[name] = plainText(body.slice(0, body.indexOf('</textarea>'))).replace(/^\n/, '');
    else fields[name] = at('value');
  }
  return fields;
}
