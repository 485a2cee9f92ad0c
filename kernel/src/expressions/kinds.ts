/**
 * What can be told of an expression's kinds before it runs: `1 + "a"` is wrong whatever the input. Data is of any kind, so
 * most is only known at evaluation.
 */

import { possible_overloads } from './overloads.js';
import { invalid } from './problem.js';
import type { CallTerm, ComprehensionTerm, Term } from './term.js';
import { type KindOrAny, kind_of, with_article } from './values.js';

/** The kind of a term's value; `any` if it is not known. @throws ExpressionProblem where the kinds cannot be right. */
export function check_kinds(term: Term): KindOrAny {
  switch (term.kind) {
    case 'constant':
      return kind_of(term.value);
    case 'path':
    case 'local':
      return 'any';
    case 'select':
      check_map(check_kinds(term.of), term.key, term.at);
      return 'any';
    case 'has':
      check_kinds(term.subject);
      return 'bool';
    case 'index':
      return check_index(check_kinds(term.of), check_kinds(term.index), term.at);
    case 'not':
      return check_boolean(term.of, 'the operand of !');
    case 'negate':
      return check_number(check_kinds(term.of), term.at);
    case 'logic': {
      const sign = term.decisive ? '||' : '&&';
      check_boolean(term.left, `the left side of ${sign}`);
      return check_boolean(term.right, `the right side of ${sign}`);
    }
    case 'conditional': {
      check_boolean(term.condition, 'the condition of ?:');
      const yes = check_kinds(term.yes);
      return yes === check_kinds(term.no) ? yes : 'any';
    }
    case 'list':
      term.items.forEach(check_kinds);
      return 'list';
    case 'map':
      for (const [key, value] of term.entries) {
        require_kind(check_kinds(key), ['string'], 'the key of a map', key.at);
        check_kinds(value);
      }
      return 'map';
    case 'call':
      return check_call(term);
    case 'comprehension':
      return check_comprehension(term);
  }
}

/** Refuses a kind that is known and none of those wanted. */
function require_kind(kind: KindOrAny, wanted: readonly KindOrAny[], what: string, at: number): void {
  if (kind === 'any' || wanted.includes(kind)) return;
  throw invalid(`${what} must be ${wanted.map(with_article).join(' or ')}, not ${with_article(kind)}`, at);
}

function check_boolean(term: Term, what: string): KindOrAny {
  require_kind(check_kinds(term), ['bool'], what, term.at);
  return 'bool';
}

function check_number(kind: KindOrAny, at: number): KindOrAny {
  require_kind(kind, ['int', 'double'], 'the operand of -', at);
  return kind;
}

function check_map(kind: KindOrAny, key: string, at: number): void {
  if (kind !== 'any' && kind !== 'map') throw invalid(`cannot read '${key}' of ${with_article(kind)}`, at);
}

function check_index(of: KindOrAny, index: KindOrAny, at: number): KindOrAny {
  if (of !== 'any' && of !== 'list' && of !== 'map') throw invalid(`${with_article(of)} has no elements`, at);
  if (of === 'list') require_kind(index, ['int', 'double'], 'the index of a list', at);
  if (of === 'map') require_kind(index, ['string'], 'the key of a map', at);
  require_kind(index, ['int', 'double', 'string'], 'an index', at);
  return 'any';
}

function check_call(term: CallTerm): KindOrAny {
  const kinds = term.values.map(check_kinds);
  const possible = possible_overloads(term.overloads, kinds);
  if (possible.length === 0) throw invalid(no_overload(term, kinds), term.at);
  const [left = 'any', right = 'any'] = kinds;
  if ((term.sign === '==' || term.sign === '!=') && never_equal(left, right)) {
    throw invalid(`${with_article(left)} and ${with_article(right)} are never equal`, term.at);
  }
  const [gives = 'any', ...others] = possible.map((overload) => overload.gives);
  return others.every((other) => other === gives) ? gives : 'any';
}

/** Why no overload takes values of these kinds. */
export function no_overload({ name, sign }: CallTerm, kinds: readonly KindOrAny[]): string {
  const given = kinds.map(with_article).join(' and ');
  return sign === undefined ? `${name} does not take ${given}` : `'${name}' is not defined for ${given}`;
}

function never_equal(left: KindOrAny, right: KindOrAny): boolean {
  const open: readonly KindOrAny[] = ['any', 'null'];
  const numbers: readonly KindOrAny[] = ['int', 'double'];
  if (left === right || open.includes(left) || open.includes(right)) return false;
  return !(numbers.includes(left) && numbers.includes(right));
}

function check_comprehension({ name, range, where, body, at }: ComprehensionTerm): KindOrAny {
  require_kind(check_kinds(range), ['list', 'map'], `what ${name}() goes through`, at);
  if (where !== undefined) check_boolean(where, `the condition of ${name}()`);
  if (name === 'map') {
    check_kinds(body);
    return 'list';
  }
  check_boolean(body, `the condition of ${name}()`);
  return name === 'filter' ? 'list' : 'bool';
}
