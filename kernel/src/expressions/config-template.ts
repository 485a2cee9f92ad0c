/**
 * Purpose: a step's config with its expressions found, and the config with every `${…}` filled in.
 * Invariants:
 * T1 What is wrong is collected, not thrown, so that one pass over a config tells all of it.
 * T2 A config without `${…}` resolves to one frozen object; the caller's own is never changed.
 * T3 All `${…}` of a config share one evaluation and one size: the limits hold for the config, however many there are.
 */

import { caps, type Json, type JsonObject } from '@llmteam/contracts';
import type { ConfigTemplate } from '../engine/expression.js';
import { child_pointer } from '../json/json-pointer.js';
import { type CheckedExpression, giving } from './compiled-expression.js';
import { type FilledPart, Filling, fill_text, fill_value, type Part } from './config-filling.js';
import { ExpressionProblem } from './problem.js';
import { distinct_references } from './references.js';
import { SchemaView } from './schema-view.js';
import { split_template } from './template-text.js';
import { set_own } from './values.js';

/** An expression of a config, and where it stands: a JSON Pointer within the config. */
interface PlacedExpression {
  readonly pointer: string;
  readonly expression: CheckedExpression;
  /** A string marked `x-cel`; otherwise a `${…}`. */
  readonly is_marked: boolean;
}

interface PlacedProblem {
  readonly pointer: string;
  /** The text it is in. */
  readonly source: string;
  readonly problem: ExpressionProblem;
}

export interface ConfigReading {
  readonly problems: readonly PlacedProblem[];
  readonly expressions: readonly PlacedExpression[];
  /** Usable if there are no problems. */
  readonly template: ConfigTemplate;
}

/** Finds and compiles the expressions of a config. `compile` throws ExpressionProblem. */
export function read_config(
  config: JsonObject,
  config_schema: JsonObject,
  compile: (source: string) => CheckedExpression,
): ConfigReading {
  const reader = new ConfigReader(compile);
  const part = reader.read(config, '', SchemaView.of(config_schema), 1);
  const { problems, expressions } = reader;
  const marked = expressions.filter(({ is_marked }) => is_marked);
  const template: ConfigTemplate = {
    is_static: part.kind === 'fixed',
    expressions: new Map(marked.map(({ pointer, expression }) => [pointer, expression])),
    references: references_of(expressions),
    expression_references: references_of(marked),
    // An object stays one, whatever is filled in.
    resolve: (variables) => (part.kind === 'fixed' ? part.value : part.fill(new Filling(variables))) as JsonObject,
  };
  return { problems, expressions, template: Object.freeze(template) };
}

function references_of(expressions: readonly PlacedExpression[]) {
  return distinct_references(expressions.flatMap(({ expression }) => expression.references));
}

class ConfigReader {
  readonly problems: PlacedProblem[] = [];
  readonly expressions: PlacedExpression[] = [];

  constructor(private readonly compile: (source: string) => CheckedExpression) {}

  read(value: Json, pointer: string, schema: SchemaView, depth: number): Part {
    if (typeof value === 'string') return this.#read_string(value, pointer, schema);
    if (typeof value !== 'object' || value === null) return { kind: 'fixed', value };
    if (depth > caps.json_depth) {
      const reason = `the config nests deeper than ${caps.json_depth} levels (cap json_depth)`;
      this.problems.push({ pointer, source: '', problem: new ExpressionProblem('LIMIT_EXCEEDED', reason, 0) });
      return { kind: 'fixed', value: null };
    }
    return Array.isArray(value)
      ? this.#read_list(value as readonly Json[], pointer, schema, depth)
      : this.#read_object(value as JsonObject, pointer, schema, depth);
  }

  #read_list(list: readonly Json[], pointer: string, schema: SchemaView, depth: number): Part {
    const parts = list.map((item, index) =>
      this.read(item, child_pointer(pointer, index), schema.item(index), depth + 1),
    );
    if (parts.some(({ kind }) => kind === 'filled')) {
      return { kind: 'filled', fill: (filling) => parts.map((part) => given(part, filling)) };
    }
    const values = parts.map(fixed_value);
    const is_same = Object.isFrozen(list) && values.every((value, index) => value === list[index]);
    return { kind: 'fixed', value: is_same ? list : Object.freeze(values) };
  }

  #read_object(object: JsonObject, pointer: string, schema: SchemaView, depth: number): Part {
    const parts = Object.entries(object).map(([key, value]) => {
      return [key, this.read(value, child_pointer(pointer, key), schema.property(key), depth + 1)] as const;
    });
    if (parts.some(([, { kind }]) => kind === 'filled')) {
      return { kind: 'filled', fill: (filling) => object_of(parts.map(([key, part]) => [key, given(part, filling)])) };
    }
    const entries = parts.map(([key, part]) => [key, fixed_value(part)] as const);
    const is_same = Object.isFrozen(object) && entries.every(([key, value]) => value === object[key]);
    return { kind: 'fixed', value: is_same ? object : Object.freeze(object_of(entries)) };
  }

  #read_string(text: string, pointer: string, schema: SchemaView): Part {
    const as_written: Part = { kind: 'fixed', value: text };
    const result = schema.cel;
    if (result !== undefined) {
      this.#place(pointer, text, true, () => giving(this.compile(text), result));
      return as_written;
    }
    if (schema.is_literal || !text.includes('${')) return as_written;
    return this.#read_template(text, pointer) ?? as_written;
  }

  /** Undefined where something is wrong, which is then among the problems. */
  #read_template(text: string, pointer: string): Part | undefined {
    const pieces = this.#attempt(pointer, text, () => split_template(text));
    const parts = pieces?.map((piece): Part | undefined => {
      if (piece.kind === 'text') return { kind: 'fixed', value: piece.text };
      const expression = this.#place(pointer, piece.source, false, () => this.compile(piece.source));
      return expression && { kind: 'filled', fill: fill_value(expression, pointer) };
    });
    if (parts === undefined || parts.includes(undefined)) return undefined;
    const [first, ...more] = parts as Part[];
    if (first !== undefined && more.length === 0) return first;
    return { kind: 'filled', fill: fill_text(parts as Part[]) };
  }

  #place(
    pointer: string,
    source: string,
    is_marked: boolean,
    compile: () => CheckedExpression,
  ): CheckedExpression | undefined {
    const expression = this.#attempt(pointer, source, compile);
    if (expression !== undefined) this.expressions.push({ pointer, expression, is_marked });
    return expression;
  }

  #attempt<T>(pointer: string, source: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (thrown) {
      if (!(thrown instanceof ExpressionProblem)) throw thrown;
      this.problems.push({ pointer, source, problem: thrown });
      return undefined;
    }
  }
}

function given(part: Part, filling: Filling): Json {
  return part.kind === 'fixed' ? part.value : part.fill(filling);
}

function fixed_value(part: Part): Json {
  return (part as Exclude<Part, FilledPart>).value;
}

function object_of(entries: readonly (readonly [string, Json])[]): Record<string, Json> {
  const object: Record<string, Json> = {};
  for (const [key, value] of entries) set_own(object, key, value);
  return object;
}
