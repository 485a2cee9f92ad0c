/** A flowchart as parsed by this checker. */
export interface Flowchart {
  readonly title: string;
  readonly direction: string;
  /** Label lines of each node, escapes resolved. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  /** The subgraph each node or subgraph is written in; empty outside. */
  readonly within: ReadonlyMap<string, string>;
  readonly nodeClasses: ReadonlyMap<string, string>;
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly arrow: string;
    readonly label: string;
  }[];
  readonly linkedStyles: readonly number[];
}

interface Reading {
  readonly nodes: Map<string, string[]>;
  readonly within: Map<string, string>;
  readonly nodeClasses: Map<string, string>;
  readonly edges: { from: string; to: string; arrow: string; label: string }[];
  readonly open: string[];
  readonly definedClasses: Set<string>;
  readonly styled: string[];
  readonly linkedStyles: number[];
}

/** Reserved words of Mermaid, which must not be ids. */
const keywords = new Set(['end', 'default', 'graph', 'flowchart', 'subgraph', 'style', 'class', 'click', 'direction']);
const id = '[A-Za-z][A-Za-z0-9_]*';
/** Quoted text may only contain characters without meaning in Mermaid, Markdown and HTML; others are escaped as `#…;`. */
const label = String.raw`"((?:[A-Za-z0-9 ,!?='._/-]|[^\x00-\x7f]|#\d+;|<br\/>)*)"`;
const shapes = [
  ['\\[\\[', '\\]\\]'],
  ['\\{\\{', '\\}\\}'],
  ['\\[\\/', '\\/\\]'],
  ['\\[', '\\]'],
] as const;
const nodeForms = shapes.map(([open, close]) => new RegExp(`^(${id})${open}${label}${close}(?::::(${id}))?$`, 'u'));
const subgraphForm = new RegExp(`^subgraph (${id})\\[${label}\\]$`, 'u');
const edgeForm = new RegExp(`^(${id}) (-->|==>|-\\.->)(?:\\|${label}\\|)? (${id})$`, 'u');
const startForm = new RegExp(`^(start)\\(\\(start\\)\\) --> (${id})$`);
const styleValue = '[a-z-]+:[#0-9a-z ]+(?:,[a-z-]+:[#0-9a-z ]+)*';
const classForm = new RegExp(`^classDef (${id}) ${styleValue}$`);
const styleForm = new RegExp(`^style (${id}) ${styleValue}$`);
const linkForm = new RegExp(`^linkStyle (\\d+(?:,\\d+)*) ${styleValue}$`);

/** Parses the subset of Mermaid that is used here; throws at the first other line. */
export function readFlowchart(source: string): Flowchart {
  const [fence, titleLine = '', secondFence, head = '', ...lines] = source.trimEnd().split('\n');
  const title = /^title: ("(?:[\p{L}\p{N}\p{M} .,!?()_-]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*")$/u.exec(titleLine)?.[1];
  const direction = /^flowchart (LR|TB)$/.exec(head)?.[1];
  if (fence !== '---' || secondFence !== '---' || title === undefined || direction === undefined) {
    throw new Error(`not the head of a flowchart: ${titleLine} / ${head}`);
  }
  const reading: Reading = {
    nodes: new Map(),
    within: new Map(),
    nodeClasses: new Map(),
    edges: [],
    open: [],
    definedClasses: new Set(),
    styled: [],
    linkedStyles: [],
  };
  for (const line of lines) readLine(reading, line.trim());
  check(reading);
  return { ...reading, title: unquote(title), direction };
}

function readLine(reading: Reading, line: string): void {
  if (line === 'end') {
    if (reading.open.pop() === undefined) throw new Error("'end' without a subgraph");
    return;
  }
  const known =
    readNode(reading, line) || readSubgraph(reading, line) || readEdge(reading, line) || readStyle(reading, line);
  if (!known) throw new Error(`not Mermaid as written here: ${line}`);
}

function readNode(reading: Reading, line: string): boolean {
  for (const form of nodeForms) {
    const found = form.exec(line);
    if (found === null) continue;
    const [, name = '', written = '', nodeClass] = found;
    declare(reading, name);
    reading.nodes.set(name, written.split('<br/>').map(withoutEscapes));
    if (nodeClass !== undefined) reading.nodeClasses.set(name, nodeClass);
    return true;
  }
  return false;
}

function readSubgraph(reading: Reading, line: string): boolean {
  const name = subgraphForm.exec(line)?.[1];
  if (name === undefined) return false;
  declare(reading, name);
  reading.open.push(name);
  return true;
}

function readEdge(reading: Reading, line: string): boolean {
  const started = startForm.exec(line);
  if (started !== null) {
    declare(reading, 'start');
    reading.nodes.set('start', ['start']);
    reading.edges.push({ from: 'start', to: started[2] ?? '', arrow: '-->', label: '' });
    return true;
  }
  const [, from, arrow = '', written = '', to] = edgeForm.exec(line) ?? [];
  if (from === undefined || to === undefined) return false;
  reading.edges.push({ from, to, arrow, label: withoutEscapes(written) });
  return true;
}

function readStyle(reading: Reading, line: string): boolean {
  const defined = classForm.exec(line)?.[1];
  const styled = styleForm.exec(line)?.[1];
  const linked = linkForm.exec(line)?.[1];
  if (defined !== undefined) reading.definedClasses.add(defined);
  if (styled !== undefined) reading.styled.push(styled);
  if (linked !== undefined) reading.linkedStyles.push(...linked.split(',').map(Number));
  return defined !== undefined || styled !== undefined || linked !== undefined;
}

function declare(reading: Reading, name: string): void {
  if (keywords.has(name)) throw new Error(`'${name}' is a keyword`);
  if (reading.within.has(name)) throw new Error(`'${name}' is declared twice`);
  reading.within.set(name, reading.open.at(-1) ?? '');
}

function check({ nodes, within, edges, open, nodeClasses, definedClasses, styled, linkedStyles }: Reading): void {
  const undefinedClass = [...nodeClasses.values()].find((name) => !definedClasses.has(name));
  const unknownEnd = edges.flatMap(({ from, to }) => [from, to]).find((name) => !nodes.has(name));
  const unknownStyle = styled.find((name) => !within.has(name));
  if (open.length > 0) throw new Error(`subgraph '${open.at(-1)}' is not closed`);
  if (undefinedClass !== undefined) throw new Error(`class '${undefinedClass}' is not defined`);
  if (unknownEnd !== undefined) throw new Error(`an edge names '${unknownEnd}', which is no node`);
  if (unknownStyle !== undefined) throw new Error(`a style is for '${unknownStyle}', which is nothing`);
  if (linkedStyles.some((place) => place >= edges.length)) throw new Error('a link style is for no edge');
}

function withoutEscapes(written: string): string {
  return written.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

function unquote(written: string): string {
  return written
    .slice(1, -1)
    .replace(/\\U([0-9a-f]{8})|\\u([0-9a-f]{4})/g, (_, long?: string, short?: string) =>
      String.fromCodePoint(Number.parseInt(long ?? short ?? '', 16)),
    );
}
