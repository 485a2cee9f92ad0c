/**
 * Purpose: turns the syntax tree into a {@link Term}: resolves names, checks limits, computes positions.
 * Invariants:
 * R1 A path extends as far as it is statically known: selects, and indexes with a string literal.
 * R2 `steps` alone is not a value: a step is always named, so what an expression reads is known before it runs.
 * R3 A chain (`a + b + c`, `a.b.c`) does not add nesting; its length has a separate limit.
 */

import { caps } from '@llmteam/contracts';
import { type NodeContext, type NodeReader, readCall, readHas, readMethod } from './call-reader.js';
import type { ASTNode } from './cel-syntax.js';
import { Failure } from './evaluation.js';
import { didYouMean, isRootName, rootFields, rootNames } from './names.js';
import { double, int } from './numbers.js';
import { isSign, operators } from './operators.js';
import { ExpressionProblem, invalid } from './problem.js';
import { positionOf } from './scan.js';
import type { Key, PathTerm, Term } from './term.js';
import { instead } from './typical-mistakes.js';
import { Bytes, CelType, type CelValue, type Kind } from './values.js';

const maxChainLength = 250;

type Node<Op extends ASTNode['op']> = Extract<ASTNode, { op: Op }>;

const typeNames: ReadonlyMap<string, Kind> = new Map([
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

/** @throws ExpressionProblem */
export function readTerm(source: string, tree: ASTNode): Term {
  try {
    return new TermReader(source).read(tree, { variables: [], depth: 1, chain: 1 });
  } catch (thrown) {
    if (thrown instanceof Failure) throw invalid(thrown.reason, thrown.position);
    throw thrown;
  }
}

class TermReader implements NodeReader {
  constructor(readonly source: string) {}

  /** Reads a node whose value is used, so that a path ends here. */
  read(node: ASTNode, context: NodeContext): Term {
    const term = this.open(node, context);
    if (term.kind === 'path') checkPath(term);
    return term;
  }

  inner(node: ASTNode, context: NodeContext): Term {
    return this.read(node, { ...context, depth: context.depth + 1, chain: 1 });
  }

  previous(node: ASTNode, context: NodeContext): Term {
    return this.read(node, { ...context, chain: context.chain + 1 });
  }

  open(node: ASTNode, context: NodeContext): Term {
    checkContext(context, node.start);
    switch (node.op) {
      case 'value':
        return { kind: 'constant', offset: node.start, value: literal(node) };
      case 'id':
        return this.#name(node, context);
      case '.':
        return this.#key(node.args[0], { name: node.args[1], offset: node.pos }, context);
      case '[]':
        return this.#index(node, context);
      case 'call':
        return node.args[0] === 'has' ? readHas(this, node, context) : readCall(this, node, context);
      case 'rcall':
        return readMethod(this, node, context);
      case 'list':
        return { kind: 'list', offset: node.start, items: node.args.map((item) => this.inner(item, context)) };
      case 'map':
        return {
          kind: 'map',
          offset: node.start,
          entries: node.args.map(([key, value]) => [this.inner(key, context), this.inner(value, context)]),
        };
      default:
        return this.#operator(node, context);
    }
  }

  #operator(node: ASTNode, context: NodeContext): Term {
    switch (node.op) {
      case '!_':
        return { kind: 'not', offset: node.start, of: this.inner(node.args, context) };
      case '-_':
        return this.#negated(node, context);
      case '&&':
      case '||': {
        const [left, right] = this.#operands(node, context);
        return { kind: 'logic', offset: this.#signAt(node), decisive: node.op === '||', left, right };
      }
      case '?:': {
        const [condition, yes, no] = node.args;
        const parts = {
          condition: this.inner(condition, context),
          yes: this.inner(yes, context),
          no: this.inner(no, context),
        };
        return { kind: 'conditional', offset: positionOf(this.source, '?', condition.end), ...parts };
      }
      default:
        if (!isSign(node.op)) throw invalid(`'${node.op}' is not supported`, node.start);
        return {
          kind: 'call',
          offset: this.#signAt(node as Node<'+'>),
          name: node.op,
          overloads: operators[node.op],
          values: this.#operands(node as Node<'+'>, context),
          sign: node.op,
        };
    }
  }

  #operands(node: Node<'+' | '&&' | '||'>, context: NodeContext): [Term, Term] {
    return [this.previous(node.args[0], context), this.inner(node.args[1], context)];
  }

  #signAt(node: Node<'+' | '&&' | '||'>): number {
    return positionOf(this.source, node.op, node.args[0].end);
  }

  /** Folds `-1` into one literal. */
  #negated(node: Node<'-_'>, context: NodeContext): Term {
    const { args: of } = node;
    if (of.op === 'value' && typeof of.args === 'bigint') {
      return { kind: 'constant', offset: node.start, value: int(Number(-of.args), node.start) };
    }
    return { kind: 'negate', offset: node.start, of: this.inner(of, context) };
  }

  #name(node: Node<'id'>, { variables }: NodeContext): Term {
    const offset = node.start;
    // Taken from the source, as the parser sees `loop` under another name.
    const name = this.source.slice(offset, node.end);
    const slot = variables.lastIndexOf(name);
    if (slot >= 0) return { kind: 'local', offset, slot };
    if (isRootName(name)) return { kind: 'path', offset, root: name, keys: [] };
    const kind = typeNames.get(name);
    if (kind !== undefined) return { kind: 'constant', offset, value: new CelType(kind) };
    const hint = nameHint(this.source, name, offset) ?? didYouMean(name, [...variables, ...rootNames]);
    throw new ExpressionProblem('UNKNOWN_VARIABLE', `unknown name '${name}'${hint}`, offset);
  }

  #key(subject: ASTNode, key: Key, context: NodeContext): Term {
    const of = this.open(subject, { ...context, chain: context.chain + 1 });
    if (of.kind === 'path') return { ...of, keys: [...of.keys, key] };
    return { kind: 'select', offset: key.offset, of, key: key.name };
  }

  #index(node: Node<'[]'>, context: NodeContext): Term {
    const [subject, index] = node.args;
    if (index.op === 'value' && typeof index.args === 'string') {
      return this.#key(subject, { name: index.args, offset: index.start }, context);
    }
    return {
      kind: 'index',
      offset: index.start,
      of: this.previous(subject, context),
      index: this.inner(index, context),
    };
  }
}

/** A hint for a name that is a typical mistake, half of a key with a dash, or text. */
function nameHint(source: string, name: string, offset: number): string | undefined {
  const written = instead.name(name);
  if (written !== undefined) return `; write ${written}`;
  if (/[\w\]]-$/.test(source.slice(0, offset))) return `; a key with a dash is read as input["some-${name}"]`;
  return source.trim() === name && didYouMean(name, rootNames) === '' ? `; if it is text, write "${name}"` : undefined;
}

function checkContext({ depth, chain }: NodeContext, offset: number): void {
  if (depth > caps.expression_nesting) {
    throw invalid(`nests deeper than ${caps.expression_nesting} levels (cap expression_nesting)`, offset);
  }
  if (chain > maxChainLength) throw invalid(`a chain of operators is longer than ${maxChainLength}`, offset);
}

function checkPath({ root, keys, offset }: PathTerm): void {
  const [first] = keys;
  if (first === undefined) {
    if (root === 'steps') throw invalid('a step must be named: steps.<step id>.<port>', offset);
    return;
  }
  const fields = rootFields[root];
  if (fields === undefined || fields.includes(first.name)) return;
  const reason = `'${root}' has no field '${first.name}'${didYouMean(first.name, fields)}`;
  throw new ExpressionProblem('UNKNOWN_VARIABLE', reason, first.offset);
}

function literal({ args: value, start }: Node<'value'>): CelValue {
  switch (typeof value) {
    case 'bigint':
      return int(Number(value), start);
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
