/**
 * Purpose: compiles a {@link Term} to closures, one per term.
 * Invariants:
 * C1 Code is stateless: everything mutable is in the {@link Evaluation}.
 * C2 A value is checked where it is used and fails at the position of the term it came from; nothing falls back to false.
 */

import { forbiddenKeys } from '@llmteam/contracts';
import { constantPattern } from './call-reader.js';
import { compileComprehension } from './comprehension.js';
import { type Condition, conditionOf } from './condition.js';
import { cost, perCharacter } from './cost.js';
import { type Code, Failure, type Pattern } from './evaluation.js';
import { noOverload } from './kinds.js';
import { calculate, isNumber, negated, unboxed } from './numbers.js';
import { findOverload } from './overloads.js';
import { compileHasPath, compilePath, hasKey, readKey, shownKey } from './path.js';
import { compilePattern, matches } from './patterns.js';
import type { CallTerm, PathTerm, SelectTerm, Term } from './term.js';
import { type CelValue, described, isList, isMap, kindOf, setOwn } from './values.js';

export function compileTerm(term: Term): Code {
  switch (term.kind) {
    case 'constant':
      return () => term.value;
    case 'path':
      return compilePath(term);
    case 'has':
      return compileHas(term.subject);
    case 'local':
      return (run) => run.locals[term.slot] as CelValue;
    case 'select': {
      const { offset, key } = term;
      const of = compileTerm(term.of);
      return (run) => readKey(of(run), key, offset);
    }
    case 'index':
      return compileIndex(compileTerm(term.of), compileTerm(term.index), term.offset);
    case 'not': {
      const of = compileCondition(term.of, 'the operand of !');
      return (run) => !of(run);
    }
    case 'negate':
      return compileNegation(compileTerm(term.of), term.offset);
    case 'logic':
      return compileLogic(term);
    case 'conditional': {
      const condition = compileCondition(term.condition, 'the condition of ?:');
      const yes = compileTerm(term.yes);
      const no = compileTerm(term.no);
      return (run) => (condition(run) ? yes(run) : no(run));
    }
    case 'list':
      return compileList(term.items.map(compileTerm), term.offset);
    case 'map':
      return compileMap(term);
    case 'call':
      return compileCall(term);
    case 'comprehension':
      return compileComprehension(term, {
        range: compileTerm(term.range),
        where: term.where && compileTerm(term.where),
        body: compileTerm(term.body),
      });
  }
}

/** Compiles a term whose value must be a boolean; `what` describes it in the error message. */
function compileCondition(term: Term, what: string): Condition {
  return conditionOf(compileTerm(term), what, term.offset);
}

function compileHas(subject: PathTerm | SelectTerm): Code {
  if (subject.kind === 'path') return compileHasPath(subject);
  const of = compileTerm(subject.of);
  const { key, offset } = subject;
  return (run) => hasKey(of(run), key, offset);
}

/** As CEL specifies, a side that decides the result on its own absorbs a failure of the other. */
function compileLogic({ decisive, left, right, offset }: Extract<Term, { kind: 'logic' }>): Code {
  const sign = decisive ? '||' : '&&';
  const first = compileCondition(left, `the left side of ${sign}`);
  const second = compileCondition(right, `the right side of ${sign}`);
  return (run) => {
    let failure: Failure | undefined;
    try {
      if (first(run) === decisive) return decisive;
    } catch (thrown) {
      failure = run.absorbed(thrown, offset);
    }
    const value = second(run);
    if (value !== decisive && failure !== undefined) throw failure;
    return value;
  };
}

function compileIndex(of: Code, index: Code, offset: number): Code {
  return (run) => {
    const subject = of(run);
    const key = index(run);
    if (isList(subject) && isNumber(key)) {
      const position = unboxed(key);
      const item = subject[position];
      if (item !== undefined) return item;
      throw new Failure(`index ${position} is out of range: the list has ${subject.length} elements`, offset);
    }
    if (isMap(subject) && typeof key === 'string') {
      run.charge(key.length * perCharacter.copied, offset);
      return readKey(subject, key, offset);
    }
    if (isList(subject)) throw new Failure(`the index of a list must be an int, not ${described(key)}`, offset);
    if (isMap(subject)) throw new Failure(`the key of a map must be a string, not ${described(key)}`, offset);
    throw new Failure(`${described(subject)} has no elements`, offset);
  };
}

function compileNegation(of: Code, offset: number): Code {
  return (run) => {
    const value = of(run);
    if (isNumber(value)) return negated(value, offset);
    throw new Failure(`the operand of - must be a number, not ${described(value)}`, offset);
  };
}

function compileList(items: readonly Code[], offset: number): Code {
  return (run) => {
    run.charge(cost.list, offset);
    run.chargeList(items.length, offset);
    return items.map((item) => item(run));
  };
}

function compileMap({ entries, offset }: Extract<Term, { kind: 'map' }>): Code {
  const codes = entries.map(([key, value]) => ({
    key: compileTerm(key),
    offset: key.offset,
    value: compileTerm(value),
  }));
  return (run) => {
    run.charge(codes.length * cost.mapEntry, offset);
    const map: Record<string, CelValue> = {};
    for (const entry of codes) {
      const key = entry.key(run);
      if (typeof key !== 'string')
        throw new Failure(`the key of a map must be a string, not ${described(key)}`, entry.offset);
      run.charge(key.length * perCharacter.copied + (/^\d/.test(key) ? cost.numericKey : 0), entry.offset);
      if (Object.hasOwn(map, key)) throw new Failure(`the map has the key '${shownKey(key)}' twice`, entry.offset);
      if (forbiddenKeys.has(key)) throw new Failure(`the key '${key}' is not allowed`, entry.offset);
      setOwn(map, key, entry.value(run));
    }
    return map;
  };
}

function compileCall(term: CallTerm): Code {
  const pattern = constantPattern(term);
  const [first, second] = term.values;
  if (first !== undefined && pattern !== undefined) return compileMatch(compileTerm(first), term, pattern.source);
  const { overloads, offset } = term;
  if (first !== undefined && second !== undefined && term.values.length === 2) {
    return compilePair(compileTerm(first), compileTerm(second), term);
  }
  const codes = term.values.map(compileTerm);
  return (run) => {
    const values = codes.map((code) => code(run));
    const found = findOverload(overloads, values);
    if (found === undefined) throw new Failure(noOverload(term, values.map(kindOf)), offset);
    return found.call(run, offset, ...values);
  };
}

/** Operators and functions of two values, with a fast path for numbers that skips the overload lookup. */
function compilePair(first: Code, second: Code, term: CallTerm): Code {
  const { overloads, offset, sign } = term;
  const fast = sign === undefined ? undefined : fastOperators[sign];
  return (run) => {
    const left = first(run);
    const right = second(run);
    if (fast !== undefined && typeof left === 'number' && typeof right === 'number') return fast(left, right, offset);
    const found = findOverload(overloads, [left, right]);
    if (found === undefined) throw new Failure(noOverload(term, [kindOf(left), kindOf(right)]), offset);
    return found.call(run, offset, left, right);
  };
}

/** The same results as the overloads, for two unboxed numbers. */
const fastOperators: Readonly<Partial<Record<string, (left: number, right: number, offset: number) => CelValue>>> = {
  '+': (left, right, offset) => calculate('+', left, right, offset),
  '-': (left, right, offset) => calculate('-', left, right, offset),
  '*': (left, right, offset) => calculate('*', left, right, offset),
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function compileMatch(text: Code, term: CallTerm, source: string): Code {
  // The reader has already checked that it compiles.
  const pattern = compilePattern(source) as Pattern;
  const { offset } = term;
  return (run) => {
    const value = text(run);
    if (typeof value === 'string') return matches(run, offset, value, pattern);
    throw new Failure(noOverload(term, [kindOf(value), 'string']), offset);
  };
}
