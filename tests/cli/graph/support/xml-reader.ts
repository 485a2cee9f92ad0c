/** One element of a document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own character data, entities resolved. */
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  text: string;
}

const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['#39', "'"],
]);
const token = /<\/([A-Za-z][\w.-]*)>|<([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w:.-]*="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
const attribute = /\s+([A-Za-z][\w:.-]*)="([^"<]*)"/y;
/** The characters that XML 1.0 allows. */
const legal = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;

/** Parses elements and text; throws if the document is not well-formed XML 1.0. */
export function readXml(source: string): XmlElement {
  if (!legal.test(source)) throw new Error('a character that XML does not allow');
  const root: OpenElement = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [root];
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const found = token.exec(source);
    if (found === null) throw new Error(`not XML at ${at}: ${source.slice(at, at + 60)}`);
    take(found, open);
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  const [document] = root.children;
  if (document === undefined || root.children.length > 1 || root.text.trim() !== '') {
    throw new Error('a document has exactly one root element and nothing beside it');
  }
  return document;
}

/** All descendants in document order. */
export function descendants(element: XmlElement): XmlElement[] {
  return element.children.flatMap((child) => [child, ...descendants(child)]);
}

/** The descendants with a class. */
export function withClass(element: XmlElement, name: string): XmlElement[] {
  return descendants(element).filter((child) => (child.attributes.get('class') ?? '').split(' ').includes(name));
}

function take(found: RegExpExecArray, open: OpenElement[]): void {
  const [, closed, name, attributes = '', isEmpty, text] = found;
  const parent = open.at(-1);
  if (parent === undefined) throw new Error('text after the document');
  if (text !== undefined) {
    parent.text += resolve(text);
    return;
  }
  if (closed !== undefined) {
    if (closed !== parent.name) throw new Error(`</${closed}> closes <${parent.name}>`);
    open.pop();
    return;
  }
  const element: OpenElement = { name: name ?? '', attributes: readAttributes(attributes), children: [], text: '' };
  parent.children.push(element);
  if (isEmpty === '') open.push(element);
}

function readAttributes(source: string): Map<string, string> {
  const attributes = new Map<string, string>();
  attribute.lastIndex = 0;
  for (let found = attribute.exec(source); found !== null; found = attribute.exec(source)) {
    const [, key = '', value = ''] = found;
    if (attributes.has(key)) throw new Error(`attribute '${key}' twice`);
    attributes.set(key, resolve(value));
  }
  return attributes;
}

function resolve(text: string): string {
  if (/>/.test(text)) throw new Error(`a bare '>' in ${text.slice(0, 60)}`);
  return text.replace(/&([^;&]*;?)/g, (whole, name: string) => {
    const sign = name.endsWith(';') ? entities.get(name.slice(0, -1)) : undefined;
    if (sign === undefined) throw new Error(`'${whole}' is no entity`);
    return sign;
  });
}
