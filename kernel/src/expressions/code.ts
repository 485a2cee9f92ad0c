/**
 * Purpose: {@link Term} to closures, one per term.
 * Invariants: C1 code holds no state of its own: everything that changes is in the {@link Evaluation}.
 * C2 a value is checked where it is used, and a wrong one fails at the position of what gave it; nothing falls back to false.
 */

import { constant_pattern } from './call-reader.js';
import { compile_comprehension } from './comprehension.js';
import { type Condition, condition_of } from './condition.js';
import { type Code, cost, Failure, forgivable, type Pattern } from './evaluation.js';
import { no_overload } from './kinds.js';
import { calculate, is_number, negated, unboxed } from './numbers.js';
import { find_overload } from './overloads.js';
import { compile_has_path, compile_path, has_key, read_key } from './path.js';
import { compile_pattern, matches } from './patterns.js';
import type { CallTerm, PathTerm, SelectTerm, Term } from './term.js';
import { type CelValue, described, is_list, is_map, kind_of, set_own } from './values.js';

export function compile_term(term: Term): Code {
  switch (term.kind) {
    case 'constant':
      return () => term.value;
    case 'path':
      return compile_path(term);
    case 'has':
      return compile_has(term.subject);
    case 'local':
      return (run) => run.locals[term.slot] as CelValue;
    case 'select': {
      const { at, key } = term;
      const of = compile_term(term.of);
      return (run) => read_key(of(run), key, at);
    }
    case 'index':
      return compile_index(compile_term(term.of), compile_term(term.index), term.at);
    case 'not': {
      const of = compile_condition(term.of, 'the operand of !');
      return (run) => !of(run);
    }
    case 'negate':
      return compile_negation(compile_term(term.of), term.at);
    case 'logic':
      return compile_logic(term);
    case 'conditional': {
      const condition = compile_condition(term.condition, 'the condition of ?:');
      const yes = compile_term(term.yes);
      const no = compile_term(term.no);
      return (run) => (condition(run) ? yes(run) : no(run));
    }
    case 'list':
      return compile_list(term.items.map(compile_term), term.at);
    case 'map':
      return compile_map(term);
    case 'call':
      return compile_call(term);
    case 'comprehension':
      return compile_comprehension(term, {
        range: compile_term(term.range),
        where: term.where && compile_term(term.where),
        body: compile_term(term.body),
      });
  }
}

/** A term whose value must be a boolean; `what` names it where it fails. */
function compile_condition(term: Term, what: string): Condition {
  return condition_of(compile_term(term), what, term.at);
}

function compile_has(subject: PathTerm | SelectTerm): Code {
  if (subject.kind === 'path') return compile_has_path(subject);
  const of = compile_term(subject.of);
  const { key, at } = subject;
  return (run) => has_key(of(run), key, at);
}

/** As CEL has it, a side that decides alone makes up for a failure of the other. */
function compile_logic({ decisive, left, right }: Extract<Term, { kind: 'logic' }>): Code {
  const sign = decisive ? '||' : '&&';
  const first = compile_condition(left, `the left side of ${sign}`);
  const second = compile_condition(right, `the right side of ${sign}`);
  return (run) => {
    let failure: Failure | undefined;
    try {
      if (first(run) === decisive) return decisive;
    } catch (thrown) {
      failure = forgivable(thrown);
    }
    const value = second(run);
    if (value !== decisive && failure !== undefined) throw failure;
    return value;
  };
}

function compile_index(of: Code, index: Code, at: number): Code {
  return (run) => {
    const subject = of(run);
    const key = index(run);
    if (is_list(subject) && is_number(key)) {
      const place = Number(unboxed(key));
      const item = subject[place];
      if (item !== undefined) return item;
      throw new Failure(`index ${place} is out of range: the list has ${subject.length} elements`, at);
    }
    if (is_map(subject) && typeof key === 'string') return read_key(subject, key, at);
    if (is_list(subject)) throw new Failure(`the index of a list must be an int, not ${described(key)}`, at);
    if (is_map(subject)) throw new Failure(`the key of a map must be a string, not ${described(key)}`, at);
    throw new Failure(`${described(subject)} has no elements`, at);
  };
}

function compile_negation(of: Code, at: number): Code {
  return (run) => {
    const value = of(run);
    if (is_number(value)) return negated(value, at);
    throw new Failure(`the operand of - must be a number, not ${described(value)}`, at);
  };
}

function compile_list(items: readonly Code[], at: number): Code {
  return (run) => {
    run.charge_list(items.length, at);
    return items.map((item) => item(run));
  };
}

function compile_map({ entries, at }: Extract<Term, { kind: 'map' }>): Code {
  const codes = entries.map(([key, value]) => ({ key: compile_term(key), at: key.at, value: compile_term(value) }));
  return (run) => {
    run.charge(codes.length * cost.map_entry, at);
    const map: Record<string, CelValue> = {};
    for (const entry of codes) {
      const key = entry.key(run);
      if (typeof key !== 'string')
        throw new Failure(`the key of a map must be a string, not ${described(key)}`, entry.at);
      if (Object.hasOwn(map, key)) throw new Failure(`the map has the key '${key}' twice`, entry.at);
      set_own(map, key, entry.value(run));
    }
    return map;
  };
}

function compile_call(term: CallTerm): Code {
  const pattern = constant_pattern(term);
  const [first, second] = term.values;
  if (first !== undefined && pattern !== undefined) return compile_match(compile_term(first), term, pattern.source);
  const { overloads, at } = term;
  if (first !== undefined && second !== undefined && term.values.length === 2) {
    return compile_pair(compile_term(first), compile_term(second), term);
  }
  const codes = term.values.map(compile_term);
  return (run) => {
    const values = codes.map((code) => code(run));
    const found = find_overload(overloads, values);
    if (found === undefined) throw new Failure(no_overload(term, values.map(kind_of)), at);
    return found.call(run, at, ...values);
  };
}

/** Operators and functions of two values; what is most common between numbers is done without looking for an overload. */
function compile_pair(first: Code, second: Code, term: CallTerm): Code {
  const { overloads, at, sign } = term;
  const quick = sign === undefined ? undefined : quick_operators[sign];
  return (run) => {
    const left = first(run);
    const right = second(run);
    if (quick !== undefined && typeof left === 'number' && typeof right === 'number') return quick(left, right, at);
    const found = find_overload(overloads, [left, right]);
    if (found === undefined) throw new Failure(no_overload(term, [kind_of(left), kind_of(right)]), at);
    return found.call(run, at, left, right);
  };
}

/** What the overloads give for two numbers that are not boxed. */
const quick_operators: Readonly<Partial<Record<string, (left: number, right: number, at: number) => CelValue>>> = {
  '+': (left, right, at) => calculate('+', left, right, at),
  '-': (left, right, at) => calculate('-', left, right, at),
  '*': (left, right, at) => calculate('*', left, right, at),
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function compile_match(text: Code, term: CallTerm, source: string): Code {
  // The reader has compiled it before.
  const pattern = compile_pattern(source) as Pattern;
  const { at } = term;
  return (run) => {
    const value = text(run);
    if (typeof value === 'string') return matches(run, at, value, pattern);
    throw new Failure(no_overload(term, [kind_of(value), 'string']), at);
  };
}
