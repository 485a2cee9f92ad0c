/** A flowchart as far as this checker understands it. */
export interface Flowchart {
  readonly title: string;
  readonly direction: string;
  /** Label lines of each node, escapes resolved. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  /** The subgraph each node or subgraph is written in; empty outside. */
  readonly within: ReadonlyMap<string, string>;
  readonly node_classes: ReadonlyMap<string, string>;
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly arrow: string;
    readonly label: string;
  }[];
  readonly linked_styles: readonly number[];
}

interface Reading {
  readonly nodes: Map<string, string[]>;
  readonly within: Map<string, string>;
  readonly node_classes: Map<string, string>;
  readonly edges: { from: string; to: string; arrow: string; label: string }[];
  readonly open: string[];
  readonly defined_classes: Set<string>;
  readonly styled: string[];
  readonly linked_styles: number[];
}

/** Words that mean something to Mermaid and must not be ids. */
const keywords = new Set(['end', 'default', 'graph', 'flowchart', 'subgraph', 'style', 'class', 'click', 'direction']);
const id = '[A-Za-z][A-Za-z0-9_]*';
/** Inside quotes only what means nothing to Mermaid, Markdown or HTML: the rest is written `#…;`. */
const label = String.raw`"((?:[A-Za-z0-9 ,!?='._/-]|[^\x00-\x7f]|#\d+;|<br\/>)*)"`;
const shapes = [
  ['\\[\\[', '\\]\\]'],
  ['\\{\\{', '\\}\\}'],
  ['\\[\\/', '\\/\\]'],
  ['\\[', '\\]'],
] as const;
const node_forms = shapes.map(([open, close]) => new RegExp(`^(${id})${open}${label}${close}(?::::(${id}))?$`, 'u'));
const subgraph_form = new RegExp(`^subgraph (${id})\\[${label}\\]$`, 'u');
const edge_form = new RegExp(`^(${id}) (-->|==>|-\\.->)(?:\\|${label}\\|)? (${id})$`, 'u');
const start_form = new RegExp(`^(start)\\(\\(start\\)\\) --> (${id})$`);
const style_value = '[a-z-]+:[#0-9a-z ]+(?:,[a-z-]+:[#0-9a-z ]+)*';
const class_form = new RegExp(`^classDef (${id}) ${style_value}$`);
const style_form = new RegExp(`^style (${id}) ${style_value}$`);
const link_form = new RegExp(`^linkStyle (\\d+(?:,\\d+)*) ${style_value}$`);

/** Reads the Mermaid that is allowed here, line by line; throws at the first line that is anything else. */
export function read_flowchart(source: string): Flowchart {
  const [fence, title_line = '', second_fence, head = '', ...lines] = source.trimEnd().split('\n');
  const title = /^title: ("(?:[\p{L}\p{N}\p{M} .,!?()_-]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*")$/u.exec(title_line)?.[1];
  const direction = /^flowchart (LR|TB)$/.exec(head)?.[1];
  if (fence !== '---' || second_fence !== '---' || title === undefined || direction === undefined) {
    throw new Error(`not the head of a flowchart: ${title_line} / ${head}`);
  }
  const reading: Reading = {
    nodes: new Map(),
    within: new Map(),
    node_classes: new Map(),
    edges: [],
    open: [],
    defined_classes: new Set(),
    styled: [],
    linked_styles: [],
  };
  for (const line of lines) read_line(reading, line.trim());
  check(reading);
  return { ...reading, title: unquote(title), direction };
}

function read_line(reading: Reading, line: string): void {
  if (line === 'end') {
    if (reading.open.pop() === undefined) throw new Error("'end' without a subgraph");
    return;
  }
  const known =
    read_node(reading, line) || read_subgraph(reading, line) || read_edge(reading, line) || read_style(reading, line);
  if (!known) throw new Error(`not Mermaid as written here: ${line}`);
}

function read_node(reading: Reading, line: string): boolean {
  for (const form of node_forms) {
    const found = form.exec(line);
    if (found === null) continue;
    const [, name = '', written = '', node_class] = found;
    declare(reading, name);
    reading.nodes.set(name, written.split('<br/>').map(without_escapes));
    if (node_class !== undefined) reading.node_classes.set(name, node_class);
    return true;
  }
  return false;
}

function read_subgraph(reading: Reading, line: string): boolean {
  const name = subgraph_form.exec(line)?.[1];
  if (name === undefined) return false;
  declare(reading, name);
  reading.open.push(name);
  return true;
}

function read_edge(reading: Reading, line: string): boolean {
  const started = start_form.exec(line);
  if (started !== null) {
    declare(reading, 'start');
    reading.nodes.set('start', ['start']);
    reading.edges.push({ from: 'start', to: started[2] ?? '', arrow: '-->', label: '' });
    return true;
  }
  const [, from, arrow = '', written = '', to] = edge_form.exec(line) ?? [];
  if (from === undefined || to === undefined) return false;
  reading.edges.push({ from, to, arrow, label: without_escapes(written) });
  return true;
}

function read_style(reading: Reading, line: string): boolean {
  const defined = class_form.exec(line)?.[1];
  const styled = style_form.exec(line)?.[1];
  const linked = link_form.exec(line)?.[1];
  if (defined !== undefined) reading.defined_classes.add(defined);
  if (styled !== undefined) reading.styled.push(styled);
  if (linked !== undefined) reading.linked_styles.push(...linked.split(',').map(Number));
  return defined !== undefined || styled !== undefined || linked !== undefined;
}

function declare(reading: Reading, name: string): void {
  if (keywords.has(name)) throw new Error(`'${name}' is a keyword`);
  if (reading.within.has(name)) throw new Error(`'${name}' is declared twice`);
  reading.within.set(name, reading.open.at(-1) ?? '');
}

function check({ nodes, within, edges, open, node_classes, defined_classes, styled, linked_styles }: Reading): void {
  const undefined_class = [...node_classes.values()].find((name) => !defined_classes.has(name));
  const unknown_end = edges.flatMap(({ from, to }) => [from, to]).find((name) => !nodes.has(name));
  const unknown_style = styled.find((name) => !within.has(name));
  if (open.length > 0) throw new Error(`subgraph '${open.at(-1)}' is not closed`);
  if (undefined_class !== undefined) throw new Error(`class '${undefined_class}' is not defined`);
  if (unknown_end !== undefined) throw new Error(`an edge names '${unknown_end}', which is no node`);
  if (unknown_style !== undefined) throw new Error(`a style is for '${unknown_style}', which is nothing`);
  if (linked_styles.some((place) => place >= edges.length)) throw new Error('a link style is for no edge');
}

function without_escapes(written: string): string {
  return written.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

function unquote(written: string): string {
  return written
    .slice(1, -1)
    .replace(/\\U([0-9a-f]{8})|\\u([0-9a-f]{4})/g, (_, long?: string, short?: string) =>
      String.fromCodePoint(Number.parseInt(long ?? short ?? '', 16)),
    );
}
