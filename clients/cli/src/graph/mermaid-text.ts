/**
 * Escapes text for a quoted Mermaid label. Characters that are special in Mermaid, Markdown or HTML become `#…;`, Mermaid's
 * numeric entity; letters, digits, spaces and punctuation inside words stay readable.
 */
export function mermaidLabel(content: string): string {
  return drawableLine(content).replace(
    /(?<=[A-Za-z0-9])[._/-](?=[A-Za-z0-9])|[A-Za-z0-9 ,!?=']|[^\p{ASCII}]|(.)/gu,
    escapeCharacter,
  );
}

/**
 * A front matter title as a double-quoted YAML string in which all but letters, digits and simple punctuation are escaped.
 * Mermaid sanitizes titles as HTML, so lookalikes replace the special characters of HTML.
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

/** A single line without control characters, lone surrogates and non-characters. */
function drawableLine(content: string): string {
  return content
    .replace(/[\p{Surrogate}\ufffe\uffff]|(?!\s)\p{Cc}/gu, '\ufffd')
    .replace(/\s+/gu, ' ')
    .trim();
}

function escapeCharacter(kept: string, special: string | undefined): string {
  return special === undefined ? kept : `#${special.codePointAt(0)};`;
}
