/**
 * Purpose: decides whether a run has one end: whether of all steps that could be its last at most one can complete.
 * Owns: the shape of a run's output without an `output` expression. It follows from the segment alone, never from which branches died.
 *
 * Two ends exclude each other if all paths to them part at one step, at ports of which only one can fire. That step is their nearest
 * common ancestor in the dominator tree of the steps and the ports they fire.
 */
/** A step outside all regions, as far as its place in the graph matters. */
interface GraphStep {
  readonly index: number;
  readonly incoming: readonly Edge[];
  readonly outgoing: readonly Edge[];
  readonly resultPorts: readonly string[];
  readonly firesAllPorts: boolean;
}

interface Edge {
  readonly from: number;
  readonly from_port: string;
  /** Null if there is none. */
  readonly condition: object | null;
}

/** A node of the dominator tree: a step, a port with outgoing edges, or the end of a step that none of its edges leads on from. */
interface Node {
  readonly what: 'step' | 'port' | 'end';
  readonly step: GraphStep;
  /** Empty unless `what` is `port`. */
  readonly port: string;
  readonly parent: Node | null;
  readonly depth: number;
  /** An ancestor far up, so that the nearest common ancestor is found in logarithmic time. */
  readonly jump: Node | null;
  readonly children: Node[];
}

/** `order` holds the steps outside all regions, in topological order. */
export function hasSingleEnd(order: readonly GraphStep[], entrypoint: GraphStep): boolean {
  const leadsToEnd = new Set<Node>();
  for (const node of dominatorTree(order, entrypoint).reverse()) {
    const ends = node.children.filter((child) => leadsToEnd.has(child));
    if (ends.length > 1 && !excludeEachOther(node.step, ends)) return false;
    if (ends.length > 0 || node.what === 'end') leadsToEnd.add(node);
  }
  return true;
}

/** Whether at most one of these children of a step can be reached in a run. A failed step fires `error` only. */
function excludeEachOther(step: GraphStep, children: readonly Node[]): boolean {
  if (children.some((child) => child.what === 'step')) return false;
  const results = children.filter((child) => child.what === 'port' && child.port !== 'error');
  return results.length <= 1 || !step.firesAllPorts;
}

/** Every node comes after its parent. Steps that can never run have none. */
function dominatorTree(order: readonly GraphStep[], entrypoint: GraphStep): Node[] {
  const nodes: Node[] = [];
  const ports = new Map<string, Node>();
  const add = (what: Node['what'], step: GraphStep, port: string, parent: Node | null): Node => {
    const depth = parent === null ? 0 : parent.depth + 1;
    const node: Node = { what, step, port, parent, depth, jump: jumpFrom(parent), children: [] };
    parent?.children.push(node);
    nodes.push(node);
    return node;
  };
  for (const step of order) {
    const sources = step.incoming.flatMap((edge) => ports.get(portKey(edge.from, edge.from_port)) ?? []);
    if (step !== entrypoint && sources.length === 0) continue;
    const parent = step === entrypoint ? null : sources.reduce(commonAncestor);
    const node = add('step', step, '', parent);
    for (const port of new Set(step.outgoing.map((edge) => edge.from_port))) {
      ports.set(portKey(step.index, port), add('port', step, port, node));
    }
    if (!alwaysLeadsOn(step)) add('end', step, '', node);
  }
  return nodes;
}

function portKey(step: number, port: string): string {
  return `${step}:${port}`;
}

/** Whether an edge is taken whenever the step completes. */
function alwaysLeadsOn(step: GraphStep): boolean {
  const leading = new Set(step.outgoing.filter((edge) => edge.condition === null).map((edge) => edge.from_port));
  leading.delete('error');
  if (step.firesAllPorts) return leading.size > 0;
  return step.resultPorts.length > 0 && step.resultPorts.every((port) => leading.has(port));
}

/** The ancestor at which two jumps of equal length from `parent` end, or `parent` itself: a skew-binary skip list. */
function jumpFrom(parent: Node | null): Node | null {
  const jump = parent?.jump ?? null;
  if (parent === null || jump === null || jump.jump === null) return parent;
  return parent.depth - jump.depth === jump.depth - jump.jump.depth ? jump.jump : parent;
}

function commonAncestor(one: Node, other: Node): Node {
  let [a, b] = one.depth >= other.depth ? [one, other] : [other, one];
  while (a.depth > b.depth) a = up(a, a.jump !== null && a.jump.depth >= b.depth);
  while (a !== b) {
    const jumps = a.jump !== b.jump;
    [a, b] = [up(a, jumps), up(b, jumps)];
  }
  return a;
}

function up(node: Node, jumps: boolean): Node {
  // Only the root has no parent, and the root is an ancestor of every node.
  return (jumps ? node.jump : node.parent) ?? node;
}
