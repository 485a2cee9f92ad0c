/** Escaped XML. Only this file creates it, so nothing gets into a picture unescaped. */
export type Markup = string & { readonly markup: unique symbol };

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element with its children. Undefined attributes are omitted, numbers have at most one decimal. */
export function element(name: string, attributes: Attributes, ...children: readonly Markup[]): Markup {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${attribute(value)}"`,
  );
  const start = `<${name}${written.join('')}`;
  return asMarkup(children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`);
}

/** Escaped character data. */
export function text(content: string): Markup {
  return asMarkup(escapeXml(content));
}

/** Several elements, one per line. */
export function lines(parts: readonly Markup[]): Markup {
  return asMarkup(parts.map((part) => `\n${part}`).join(''));
}

/** Formats a coordinate with at most one decimal, never as `-0`. */
export function coordinate(value: number): string {
  return String(Math.round(value * 10) / 10 + 0);
}

function attribute(value: string | number): string {
  return typeof value === 'number' ? coordinate(value) : escapeXml(value).replace(/[\t\n\r]/g, ' ');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** XML 1.0 cannot represent control characters, lone surrogates and two non-characters; they become U+FFFD. */
function escapeXml(content: string): string {
  return content
    .replace(/[\p{Surrogate}\ufffe\uffff]|(?![\t\n\r])\p{Cc}/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function asMarkup(written: string): Markup {
  return written as Markup;
}
