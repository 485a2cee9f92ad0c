import type { ComprehensionName } from './functions.js';
import type { RootName } from './names.js';
import type { Sign } from './operators.js';
import type { Overload } from './overloads.js';
import type { CelValue } from './values.js';

/** A key with its position in the source. */
export interface Key {
  readonly name: string;
  readonly offset: number;
}

/** `steps.research.output["a b"]`: a root and statically known keys. */
export interface PathTerm {
  readonly kind: 'path';
  readonly offset: number;
  readonly root: RootName;
  readonly keys: readonly Key[];
}

/** `x.key` where `x` is not a path. */
export interface SelectTerm {
  readonly kind: 'select';
  readonly offset: number;
  readonly of: Term;
  readonly key: string;
}

/** `range.map(x, where, body)` and similar; `slot` holds the variable's value while `where` and `body` are evaluated. */
export interface ComprehensionTerm {
  readonly kind: 'comprehension';
  readonly offset: number;
  readonly name: ComprehensionName;
  readonly range: Term;
  readonly slot: number;
  readonly where?: Term;
  readonly body: Term;
}

/** `size(x)`, `x.size()`, `x + y`. */
export interface CallTerm {
  readonly kind: 'call';
  readonly offset: number;
  /** As shown in messages: `size()`, `+`. */
  readonly name: string;
  readonly overloads: readonly Overload[];
  readonly values: readonly Term[];
  readonly sign?: Sign;
}

/** An expression with its names resolved. `offset` is the position reported when the term fails. */
export type Term =
  | { readonly kind: 'constant'; readonly offset: number; readonly value: CelValue }
  | PathTerm
  | SelectTerm
  | ComprehensionTerm
  | CallTerm
  | { readonly kind: 'local'; readonly offset: number; readonly slot: number }
  | { readonly kind: 'index'; readonly offset: number; readonly of: Term; readonly index: Term }
  | { readonly kind: 'has'; readonly offset: number; readonly subject: PathTerm | SelectTerm }
  | { readonly kind: 'not'; readonly offset: number; readonly of: Term }
  | { readonly kind: 'negate'; readonly offset: number; readonly of: Term }
  /** `||` where `decisive` is true, `&&` where it is false. */
  | {
      readonly kind: 'logic';
      readonly offset: number;
      readonly decisive: boolean;
      readonly left: Term;
      readonly right: Term;
    }
  | {
      readonly kind: 'conditional';
      readonly offset: number;
      readonly condition: Term;
      readonly yes: Term;
      readonly no: Term;
    }
  | { readonly kind: 'list'; readonly offset: number; readonly items: readonly Term[] }
  | { readonly kind: 'map'; readonly offset: number; readonly entries: readonly (readonly [Term, Term])[] };

/** A term's direct subterms, in source order. */
export function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'constant':
    case 'path':
    case 'local':
      return [];
    case 'select':
    case 'not':
    case 'negate':
      return [term.of];
    case 'index':
      return [term.of, term.index];
    case 'has':
      return [term.subject];
    case 'logic':
      return [term.left, term.right];
    case 'conditional':
      return [term.condition, term.yes, term.no];
    case 'list':
      return term.items;
    case 'map':
      return term.entries.flat();
    case 'call':
      return term.values;
    case 'comprehension':
      return term.where === undefined ? [term.range, term.body] : [term.range, term.where, term.body];
  }
}

/** The work of evaluating a term once, apart from what its operations charge; the body of a comprehension counts per step. */
export function weightOf(term: Term): number {
  const parts = term.kind === 'comprehension' ? [term.range] : partsOf(term);
  return parts.reduce((weight, part) => weight + weightOf(part), ownWeight(term));
}

function ownWeight(term: Term): number {
  switch (term.kind) {
    case 'constant':
    case 'local':
      return 1;
    case 'path':
      return 2 + term.keys.length;
    case 'call':
    case 'comprehension':
      return 5;
    default:
      return 3;
  }
}
