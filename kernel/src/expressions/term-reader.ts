/**
 * Purpose: syntax tree to {@link Term}: names resolved, limits checked, positions found.
 * Invariants:
 * R1 A path is as long as what is written allows: selects, and indexes with a string literal.
 * R2 `steps` alone is no value: a step is always named, so that what an expression reads is known before it runs.
 * R3 Along a chain (`a + b + c`, `a.b.c`) nesting does not grow; the length of a chain has a bound of its own.
 */

import { caps } from '@llmteam/contracts';
import { type NodeReader, type Place, read_call, read_has, read_method } from './call-reader.js';
import type { ASTNode } from './cel-syntax.js';
import { Failure } from './evaluation.js';
import { did_you_mean, is_root_name, root_fields, root_names } from './names.js';
import { double, int } from './numbers.js';
import { is_sign, operators } from './operators.js';
import { ExpressionProblem, invalid } from './problem.js';
import { position_of } from './scan.js';
import type { Key, PathTerm, Term } from './term.js';
import { Bytes, CelType, type CelValue, type Kind } from './values.js';

const longest_chain = 250;

type Node<Op extends ASTNode['op']> = Extract<ASTNode, { op: Op }>;

const type_names: ReadonlyMap<string, Kind> = new Map([
  ['null_type', 'null'],
  ['bool', 'bool'],
  ['int', 'int'],
  ['double', 'double'],
  ['string', 'string'],
  ['bytes', 'bytes'],
  ['list', 'list'],
  ['map', 'map'],
  ['type', 'type'],
]);

/** Reads a whole expression. @throws ExpressionProblem */
export function read_term(source: string, tree: ASTNode): Term {
  try {
    return new TermReader(source).read(tree, { variables: [], depth: 1, chain: 1 });
  } catch (thrown) {
    if (thrown instanceof Failure) throw invalid(thrown.reason, thrown.position);
    throw thrown;
  }
}

class TermReader implements NodeReader {
  constructor(readonly source: string) {}

  /** A node whose value is used: a path ends here. */
  read(node: ASTNode, place: Place): Term {
    const term = this.open(node, place);
    if (term.kind === 'path') check_path(term);
    return term;
  }

  inner(node: ASTNode, place: Place): Term {
    return this.read(node, { ...place, depth: place.depth + 1, chain: 1 });
  }

  previous(node: ASTNode, place: Place): Term {
    return this.read(node, { ...place, chain: place.chain + 1 });
  }

  open(node: ASTNode, place: Place): Term {
    check_place(place, node.start);
    switch (node.op) {
      case 'value':
        return { kind: 'constant', at: node.start, value: literal(node) };
      case 'id':
        return this.#name(node, place);
      case '.':
        return this.#key(node.args[0], { name: node.args[1], at: node.pos }, place);
      case '[]':
        return this.#index(node, place);
      case 'call':
        return node.args[0] === 'has' ? read_has(this, node, place) : read_call(this, node, place);
      case 'rcall':
        return read_method(this, node, place);
      case 'list':
        return { kind: 'list', at: node.start, items: node.args.map((item) => this.inner(item, place)) };
      case 'map':
        return {
          kind: 'map',
          at: node.start,
          entries: node.args.map(([key, value]) => [this.inner(key, place), this.inner(value, place)]),
        };
      default:
        return this.#operator(node, place);
    }
  }

  #operator(node: ASTNode, place: Place): Term {
    switch (node.op) {
      case '!_':
        return { kind: 'not', at: node.start, of: this.inner(node.args, place) };
      case '-_':
        return this.#negated(node, place);
      case '&&':
      case '||': {
        const [left, right] = this.#operands(node, place);
        return { kind: 'logic', at: this.#sign_at(node), decisive: node.op === '||', left, right };
      }
      case '?:': {
        const [condition, yes, no] = node.args;
        const parts = {
          condition: this.inner(condition, place),
          yes: this.inner(yes, place),
          no: this.inner(no, place),
        };
        return { kind: 'conditional', at: position_of(this.source, '?', condition.end), ...parts };
      }
      default:
        if (!is_sign(node.op)) throw invalid(`'${node.op}' is not supported`, node.start);
        return {
          kind: 'call',
          at: this.#sign_at(node as Node<'+'>),
          name: node.op,
          overloads: operators[node.op],
          values: this.#operands(node as Node<'+'>, place),
          sign: node.op,
        };
    }
  }

  #operands(node: Node<'+' | '&&' | '||'>, place: Place): [Term, Term] {
    return [this.previous(node.args[0], place), this.inner(node.args[1], place)];
  }

  #sign_at(node: Node<'+' | '&&' | '||'>): number {
    return position_of(this.source, node.op, node.args[0].end);
  }

  /** `-9223372036854775808` is one literal: its positive would be out of range. */
  #negated(node: Node<'-_'>, place: Place): Term {
    const { args: of } = node;
    if (of.op === 'value' && typeof of.args === 'bigint') {
      return { kind: 'constant', at: node.start, value: int(-of.args, node.start) };
    }
    return { kind: 'negate', at: node.start, of: this.inner(of, place) };
  }

  #name(node: Node<'id'>, { variables }: Place): Term {
    const at = node.start;
    // As written: the parser was given another name for `loop`.
    const name = this.source.slice(at, node.end);
    const slot = variables.lastIndexOf(name);
    if (slot >= 0) return { kind: 'local', at, slot };
    if (is_root_name(name)) return { kind: 'path', at, root: name, keys: [] };
    const kind = type_names.get(name);
    if (kind !== undefined) return { kind: 'constant', at, value: new CelType(kind) };
    const hint = did_you_mean(name, [...variables, ...root_names]);
    throw new ExpressionProblem('UNKNOWN_VARIABLE', `unknown name '${name}'${hint}`, at);
  }

  #key(subject: ASTNode, key: Key, place: Place): Term {
    const of = this.open(subject, { ...place, chain: place.chain + 1 });
    if (of.kind === 'path') return { ...of, keys: [...of.keys, key] };
    return { kind: 'select', at: key.at, of, key: key.name };
  }

  #index(node: Node<'[]'>, place: Place): Term {
    const [subject, index] = node.args;
    if (index.op === 'value' && typeof index.args === 'string') {
      return this.#key(subject, { name: index.args, at: index.start }, place);
    }
    return { kind: 'index', at: index.start, of: this.previous(subject, place), index: this.inner(index, place) };
  }
}

function check_place({ depth, chain }: Place, at: number): void {
  if (depth > caps.expression_nesting) {
    throw invalid(`nests deeper than ${caps.expression_nesting} levels (cap expression_nesting)`, at);
  }
  if (chain > longest_chain) throw invalid(`a chain of operators is longer than ${longest_chain}`, at);
}

function check_path({ root, keys, at }: PathTerm): void {
  const [first] = keys;
  if (first === undefined) {
    if (root === 'steps') throw invalid('a step must be named: steps.<step id>.<port>', at);
    return;
  }
  const fields = root_fields[root];
  if (fields === undefined || fields.includes(first.name)) return;
  const reason = `'${root}' has no field '${first.name}'${did_you_mean(first.name, fields)}`;
  throw new ExpressionProblem('UNKNOWN_VARIABLE', reason, first.at);
}

function literal({ args: value, start }: Node<'value'>): CelValue {
  switch (typeof value) {
    case 'bigint':
      return int(value, start);
    case 'number':
      return double(value, start);
    case 'object':
      if (value === null) return null;
      if (value instanceof Uint8Array) return new Bytes(value);
      throw invalid('unsigned integers are not supported: write the number without u', start);
    default:
      return value;
  }
}
