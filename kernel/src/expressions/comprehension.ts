import { type Condition, condition_of } from './condition.js';
import { type Code, cost, type Evaluation, Failure, forgivable } from './evaluation.js';
import { type ComprehensionTerm, size_of } from './term.js';
import { type CelValue, described, is_list, is_map } from './values.js';

interface Parts {
  readonly range: Code;
  readonly where: Code | undefined;
  readonly body: Code;
}

/** Goes through the elements of a list or the keys of a map. Every one it looks at is a step of the meter. */
export function compile_comprehension(term: ComprehensionTerm, parts: Parts): Code {
  const each = compile_range(term, parts.range);
  const condition = (code: Code, { at } = term.body) => condition_of(code, `the condition of ${term.name}()`, at);
  switch (term.name) {
    case 'map':
      return collecting(each, parts.where && condition(parts.where, term.where), parts.body);
    case 'filter':
      return collecting(each, condition(parts.body), (run) => run.locals[term.slot] as CelValue);
    case 'exists_one':
      return exists_one(each, condition(parts.body));
    case 'exists':
      return quantifier(each, condition(parts.body), true);
    case 'all':
      return quantifier(each, condition(parts.body), false);
  }
}

/** Calls `visit` for each element, with the variable set, until it gives false. */
type Each = (run: Evaluation, visit: () => boolean) => void;

function compile_range({ name, slot, at, where, body }: ComprehensionTerm, range: Code): Each {
  const terms = size_of(body) + (where === undefined ? 0 : size_of(where));
  return (run, visit) => {
    for (const item of items_of(run, range(run), name, at)) {
      run.take_step(terms, at);
      run.locals[slot] = item;
      if (!visit()) return;
    }
  };
}

function items_of(run: Evaluation, value: CelValue, name: string, at: number): readonly CelValue[] {
  if (is_list(value)) return value;
  if (!is_map(value)) throw new Failure(`${name}() goes through a list or a map, not ${described(value)}`, at);
  const keys = Object.keys(value);
  run.charge(keys.length * cost.map_entry, at);
  return keys;
}

function collecting(each: Each, where: Condition | undefined, body: Code): Code {
  return (run) => {
    const collected: CelValue[] = [];
    each(run, () => {
      if (where === undefined || where(run)) collected.push(body(run));
      return true;
    });
    return collected;
  };
}

function exists_one(each: Each, holds: Condition): Code {
  return (run) => {
    let count = 0;
    each(run, () => {
      if (holds(run)) count += 1;
      return true;
    });
    return count === 1;
  };
}

/** One decisive element makes up for failures at others, as CEL has it for `||` and `&&`. */
function quantifier(each: Each, holds: Condition, decisive: boolean): Code {
  return (run) => {
    let failure: Failure | undefined;
    let is_decided = false;
    each(run, () => {
      try {
        is_decided = holds(run) === decisive;
      } catch (thrown) {
        failure ??= forgivable(thrown);
      }
      return !is_decided;
    });
    if (!is_decided && failure !== undefined) throw failure;
    return is_decided === decisive;
  };
}
