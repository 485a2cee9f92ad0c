/**
 * Static kind checks: `1 + "a"` is wrong whatever the input. Data may be of any kind, so most kinds are only known at
 * evaluation.
 */

import { possibleOverloads } from './overloads.js';
import { invalid } from './problem.js';
import type { CallTerm, ComprehensionTerm, Term } from './term.js';
import { type KindOrAny, kindOf, withArticle } from './values.js';

/** The kind of a term's value; `any` if unknown. @throws ExpressionProblem if the kinds can never be right */
export function checkKinds(term: Term): KindOrAny {
  switch (term.kind) {
    case 'constant':
      return kindOf(term.value);
    case 'path':
    case 'local':
      return 'any';
    case 'select':
      checkMap(checkKinds(term.of), term.key, term.offset);
      return 'any';
    case 'has':
      checkKinds(term.subject);
      return 'bool';
    case 'index':
      return checkIndex(checkKinds(term.of), checkKinds(term.index), term.offset);
    case 'not':
      return checkBoolean(term.of, 'the operand of !');
    case 'negate':
      return checkNumber(checkKinds(term.of), term.offset);
    case 'logic': {
      const sign = term.decisive ? '||' : '&&';
      checkBoolean(term.left, `the left side of ${sign}`);
      return checkBoolean(term.right, `the right side of ${sign}`);
    }
    case 'conditional': {
      checkBoolean(term.condition, 'the condition of ?:');
      const yes = checkKinds(term.yes);
      return yes === checkKinds(term.no) ? yes : 'any';
    }
    case 'list':
      term.items.forEach(checkKinds);
      return 'list';
    case 'map':
      for (const [key, value] of term.entries) {
        requireKind(checkKinds(key), ['string'], 'the key of a map', key.offset);
        checkKinds(value);
      }
      return 'map';
    case 'call':
      return checkCall(term);
    case 'comprehension':
      return checkComprehension(term);
  }
}

/** Throws if a kind is known and not one of those allowed. */
function requireKind(kind: KindOrAny, allowed: readonly KindOrAny[], what: string, offset: number): void {
  if (kind === 'any' || allowed.includes(kind)) return;
  throw invalid(`${what} must be ${allowed.map(withArticle).join(' or ')}, not ${withArticle(kind)}`, offset);
}

function checkBoolean(term: Term, what: string): KindOrAny {
  requireKind(checkKinds(term), ['bool'], what, term.offset);
  return 'bool';
}

function checkNumber(kind: KindOrAny, offset: number): KindOrAny {
  requireKind(kind, ['int', 'double'], 'the operand of -', offset);
  return kind;
}

function checkMap(kind: KindOrAny, key: string, offset: number): void {
  if (kind !== 'any' && kind !== 'map') throw invalid(`cannot read '${key}' of ${withArticle(kind)}`, offset);
}

function checkIndex(of: KindOrAny, index: KindOrAny, offset: number): KindOrAny {
  if (of !== 'any' && of !== 'list' && of !== 'map') throw invalid(`${withArticle(of)} has no elements`, offset);
  if (of === 'list') requireKind(index, ['int', 'double'], 'the index of a list', offset);
  if (of === 'map') requireKind(index, ['string'], 'the key of a map', offset);
  requireKind(index, ['int', 'double', 'string'], 'an index', offset);
  return 'any';
}

function checkCall(term: CallTerm): KindOrAny {
  const kinds = term.values.map(checkKinds);
  const possible = possibleOverloads(term.overloads, kinds);
  if (possible.length === 0) throw invalid(noOverload(term, kinds), term.offset);
  const [left = 'any', right = 'any'] = kinds;
  if ((term.sign === '==' || term.sign === '!=') && neverEqual(left, right)) {
    throw invalid(`${withArticle(left)} and ${withArticle(right)} are never equal`, term.offset);
  }
  const [gives = 'any', ...others] = possible.map((overload) => overload.gives);
  return others.every((other) => other === gives) ? gives : 'any';
}

/** The message for a call that no overload accepts. */
export function noOverload({ name, sign }: CallTerm, kinds: readonly KindOrAny[]): string {
  const given = kinds.map(withArticle).join(' and ');
  return sign === undefined ? `${name} does not take ${given}` : `'${name}' is not defined for ${given}`;
}

function neverEqual(left: KindOrAny, right: KindOrAny): boolean {
  const comparableToAll: readonly KindOrAny[] = ['any', 'null'];
  const numbers: readonly KindOrAny[] = ['int', 'double'];
  if (left === right || comparableToAll.includes(left) || comparableToAll.includes(right)) return false;
  return !(numbers.includes(left) && numbers.includes(right));
}

function checkComprehension({ name, range, where, body, offset }: ComprehensionTerm): KindOrAny {
  requireKind(checkKinds(range), ['list', 'map'], `the receiver of ${name}()`, offset);
  if (where !== undefined) checkBoolean(where, `the condition of ${name}()`);
  if (name === 'map') {
    checkKinds(body);
    return 'list';
  }
  checkBoolean(body, `the condition of ${name}()`);
  return name === 'filter' ? 'list' : 'bool';
}
