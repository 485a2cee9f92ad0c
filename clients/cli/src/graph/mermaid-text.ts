/**
 * Text for a quoted Mermaid label. Whatever could mean something to Mermaid, Markdown or HTML becomes `#…;`, Mermaid's
 * way to write a character by its number; letters, digits, spaces and signs inside words stay readable.
 */
export function mermaidLabel(content: string): string {
  return drawableLine(content).replace(
    /(?<=[A-Za-z0-9])[._/-](?=[A-Za-z0-9])|[A-Za-z0-9 ,!?=']|[^\p{ASCII}]|(.)/gu,
    escapeSign,
  );
}

/**
 * A title for the front matter: a double-quoted YAML string that writes all but letters, digits and plain signs by
 * number. Mermaid cleans titles as if they were HTML, so lookalikes stand in for the signs of HTML.
 */
export function yamlString(content: string): string {
  const written = drawableLine(content)
    .replace(/[<>&]/g, (sign) => htmlStandIns[sign] ?? sign)
    .replace(/[^\p{L}\p{N}\p{M} .,!?()_-]/gu, (sign) => {
      const code = (sign.codePointAt(0) ?? 0).toString(16);
      return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
    });
  return `"${written}"`;
}

const htmlStandIns: Readonly<Record<string, string>> = { '<': '\u2039', '>': '\u203a', '&': '\uff06' };

/** One line without what no text may hold. */
function drawableLine(content: string): string {
  return content
    .replace(/[\p{Surrogate}\ufffe\uffff]|(?!\s)\p{Cc}/gu, '\ufffd')
    .replace(/\s+/gu, ' ')
    .trim();
}

function escapeSign(kept: string, special: string | undefined): string {
  return special === undefined ? kept : `#${special.codePointAt(0)};`;
}
