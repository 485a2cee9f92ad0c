import { type Condition, conditionOf } from './condition.js';
import { cost } from './cost.js';
import { type Code, type Evaluation, Failure } from './evaluation.js';
import { type ComprehensionTerm, weightOf } from './term.js';
import { type CelValue, described, isList, isMap } from './values.js';

interface Parts {
  readonly range: Code;
  readonly where: Code | undefined;
  readonly body: Code;
}

/** Iterates over the elements of a list or the keys of a map. Each one visited is charged as a step. */
export function compileComprehension(term: ComprehensionTerm, parts: Parts): Code {
  const each = compileRange(term, parts.range);
  const condition = (code: Code, { offset } = term.body) =>
    conditionOf(code, `the condition of ${term.name}()`, offset);
  switch (term.name) {
    case 'map':
      return collecting(each, parts.where && condition(parts.where, term.where), parts.body);
    case 'filter':
      return collecting(each, condition(parts.body), (run) => run.locals[term.slot] as CelValue);
    case 'exists_one':
      return existsOne(each, condition(parts.body));
    case 'exists':
      return quantifier(each, condition(parts.body), true, term.offset);
    case 'all':
      return quantifier(each, condition(parts.body), false, term.offset);
  }
}

/** Calls `visit` for each element, with the variable set, until it returns false. */
type Each = (run: Evaluation, visit: () => boolean) => void;

function compileRange({ name, slot, offset, where, body }: ComprehensionTerm, range: Code): Each {
  const weight = weightOf(body) + (where === undefined ? 0 : weightOf(where));
  return (run, visit) => {
    for (const item of itemsOf(run, range(run), name, offset)) {
      run.takeStep(weight, offset);
      run.locals[slot] = item;
      if (!visit()) return;
    }
  };
}

function itemsOf(run: Evaluation, value: CelValue, name: string, offset: number): readonly CelValue[] {
  if (isList(value)) return value;
  if (!isMap(value)) throw new Failure(`${name}() goes through a list or a map, not ${described(value)}`, offset);
  const keys = Object.keys(value);
  run.charge(keys.length * cost.mapEntry, offset);
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

function existsOne(each: Each, holds: Condition): Code {
  return (run) => {
    let count = 0;
    each(run, () => {
      if (holds(run)) count += 1;
      return true;
    });
    return count === 1;
  };
}

/** As with `||` and `&&` in CEL, one decisive element absorbs failures at others. */
function quantifier(each: Each, holds: Condition, decisive: boolean, offset: number): Code {
  return (run) => {
    let failure: Failure | undefined;
    let isDecided = false;
    each(run, () => {
      try {
        isDecided = holds(run) === decisive;
      } catch (thrown) {
        const absorbed = run.absorbed(thrown, offset);
        failure ??= absorbed;
      }
      return !isDecided;
    });
    if (!isDecided && failure !== undefined) throw failure;
    return isDecided === decisive;
  };
}
