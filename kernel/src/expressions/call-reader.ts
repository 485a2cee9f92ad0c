import type { ASTNode } from './cel-syntax.js';
import { type ComprehensionName, comprehensionNames, functions, methods, type OverloadsByName } from './functions.js';
import { didYouMean } from './names.js';
import { compilePattern } from './patterns.js';
import { invalid } from './problem.js';
import { positionOf } from './scan.js';
import type { CallTerm, Term } from './term.js';
import { instead } from './typical-mistakes.js';

type Node<Op extends ASTNode['op']> = Extract<ASTNode, { op: Op }>;

/** A node's context: the variables in scope, by slot, its nesting depth and its position in a chain. */
export interface NodeContext {
  readonly variables: readonly string[];
  readonly depth: number;
  readonly chain: number;
}

/** Reads the parts of a call. */
export interface NodeReader {
  readonly source: string;
  /** Reads a node one level down: the operand of a unary operator, the right one of a binary operator, an argument. */
  inner(node: ASTNode, context: NodeContext): Term;
  /** Reads a node one link back in a chain. */
  previous(node: ASTNode, context: NodeContext): Term;
  /** Reads a node that may be the start of a longer path. */
  open(node: ASTNode, context: NodeContext): Term;
}

const comprehensionNesting = 2;

/** `has(x.key)` */
export function readHas(reader: NodeReader, node: Node<'call'>, context: NodeContext): Term {
  const [argument, ...others] = node.args[1];
  const subject =
    argument === undefined ? undefined : reader.open(argument, { ...context, depth: context.depth + 1, chain: 1 });
  const isField = subject?.kind === 'select' || (subject?.kind === 'path' && subject.keys.length > 0);
  if (!isField || others.length > 0) throw invalid('has() takes one field, e.g. has(input.name)', node.start);
  return { kind: 'has', offset: node.start, subject };
}

/** `name(…)` */
export function readCall(reader: NodeReader, node: Node<'call'>, context: NodeContext): Term {
  const [name, parameters] = node.args;
  const offset = node.start;
  const overloads = functions.get(name);
  if (overloads === undefined)
    throw unknownFunction(name, offset, functions, methods.has(name) ? `x.${name}()` : undefined);
  const values = parameters.map((parameter) => reader.inner(parameter, context));
  return checked({ kind: 'call', offset, name: `${name}()`, overloads, values }, 0);
}

/** `x.name(…)`, including comprehensions. */
export function readMethod(reader: NodeReader, node: Node<'rcall'>, context: NodeContext): Term {
  const [name, receiver, parameters] = node.args;
  const offset = positionOf(reader.source, name, receiver.end);
  if (isComprehension(name)) return readComprehension(reader, node, name, offset, context);
  const qualified = qualifiedName(receiver, name, context);
  if (qualified !== undefined) return readQualified(reader, node, qualified, context);
  const overloads = methods.get(name);
  if (overloads === undefined)
    throw unknownFunction(name, offset, methods, functions.has(name) ? `${name}(x)` : undefined);
  const of = reader.previous(receiver, context);
  const values = [of, ...parameters.map((parameter) => reader.inner(parameter, context))];
  return checked({ kind: 'call', offset, name: `${name}()`, overloads, values }, 1);
}

/** `base64.encode`, unless a variable has the name of the namespace. */
function qualifiedName(receiver: ASTNode, name: string, { variables }: NodeContext): string | undefined {
  if (receiver.op !== 'id' || variables.includes(receiver.args)) return undefined;
  const namespace = `${receiver.args}.`;
  return [...functions.keys()].some((known) => known.startsWith(namespace)) ? namespace + name : undefined;
}

/** `namespace.name(…)` */
function readQualified(reader: NodeReader, node: Node<'rcall'>, name: string, context: NodeContext): Term {
  const offset = node.start;
  const overloads = functions.get(name);
  if (overloads === undefined) throw unknownFunction(name, offset, functions, undefined);
  const values = node.args[2].map((parameter) => reader.inner(parameter, context));
  return checked({ kind: 'call', offset, name: `${name}()`, overloads, values }, 0);
}

function isComprehension(name: string): name is ComprehensionName {
  return (comprehensionNames as readonly string[]).includes(name);
}

function readComprehension(
  reader: NodeReader,
  node: Node<'rcall'>,
  name: ComprehensionName,
  offset: number,
  context: NodeContext,
): Term {
  const [, receiver, [variable, ...parts]] = node.args;
  const [first, second] = parts;
  const isComplete = parts.length === 1 || (parts.length === 2 && name === 'map');
  if (variable?.op !== 'id' || first === undefined || !isComplete) {
    throw invalid(
      `${name}() takes a variable and ${name === 'map' ? 'one or two expressions' : 'one expression'}`,
      offset,
    );
  }
  const slot = context.variables.length;
  if (slot >= comprehensionNesting) throw invalid(`comprehensions nest at most ${comprehensionNesting} deep`, offset);
  const within = { ...context, variables: [...context.variables, reader.source.slice(variable.start, variable.end)] };
  const range = reader.previous(receiver, context);
  if (second === undefined)
    return { kind: 'comprehension', offset, name, range, slot, body: reader.inner(first, within) };
  const where = reader.inner(first, within);
  return { kind: 'comprehension', offset, name, range, slot, where, body: reader.inner(second, within) };
}

function unknownFunction(name: string, offset: number, known: OverloadsByName, alternative: string | undefined) {
  if (name === 'now')
    return invalid('there is no now(): an expression gives the same value whenever it is evaluated', offset);
  const names = [...known.keys(), ...(known === methods ? comprehensionNames : ['has'])];
  const written = alternative ?? instead[known === methods ? 'method' : 'function'](name);
  const hint = written === undefined ? didYouMean(name, names) : `; write ${written}`;
  return invalid(`unknown ${known === methods ? 'method' : 'function'} '${name}'${hint}`, offset);
}

/** Returns the call after checking its number of arguments and its literal pattern. @throws ExpressionProblem */
function checked(call: CallTerm, receivers: number): CallTerm {
  const counts = [...new Set(call.overloads.map(({ takes }) => takes.length))];
  if (!counts.includes(call.values.length)) {
    const wanted = counts.map((count) => count - receivers).join(' or ');
    const noun = wanted === '1' ? 'argument' : 'arguments';
    throw invalid(`${call.name} takes ${wanted} ${noun}, not ${call.values.length - receivers}`, call.offset);
  }
  const pattern = constantPattern(call);
  if (pattern !== undefined) {
    const compiled = compilePattern(pattern.source);
    if ('reason' in compiled) throw invalid(compiled.reason, pattern.offset);
  }
  return call;
}

/** The pattern of a `matches()` or `re()` call if it is a literal. */
export function constantPattern({ name, values }: CallTerm): { source: string; offset: number } | undefined {
  const pattern = name === 'matches()' || name === 're()' ? values[1] : undefined;
  if (pattern?.kind !== 'constant' || typeof pattern.value !== 'string') return undefined;
  return { source: pattern.value, offset: pattern.offset };
}
