/**
 * Purpose: finds the expressions in a step's config and compiles the config to a template that fills in every `${…}`.
 * Invariants:
 * T1 Problems are collected, not thrown, so that one pass over a config reports all of them.
 * T2 A config without `${…}` always resolves to the same frozen object; the caller's object is never changed.
 * T3 All `${…}` of a config share one evaluation and one size budget: the limits apply to the config as a whole.
 */

import { caps, type Json, type JsonObject } from '@llmteam/contracts';
import type { ConfigTemplate } from '../engine/expression.js';
import { childPointer } from '../json/json-pointer.js';
import { type CheckedExpression, giving } from './compiled-expression.js';
import { type FilledPart, Filling, fillText, fillValue, type Part } from './config-filling.js';
import { ExpressionProblem } from './problem.js';
import { distinctReferences } from './references.js';
import { SchemaView } from './schema-view.js';
import { type Piece, splitTemplate } from './template-text.js';
import { constantOf, type TextTemplate, textTemplate } from './text-template.js';
import { setOwn } from './values.js';

/** An expression of a config with its JSON Pointer. */
interface PlacedExpression {
  readonly pointer: string;
  readonly expression: CheckedExpression;
  /** True for a string marked `x-cel`, false for a `${…}`. */
  readonly isMarked: boolean;
}

interface PlacedProblem {
  readonly pointer: string;
  /** The text that contains it. */
  readonly source: string;
  readonly problem: ExpressionProblem;
}

/** A string marked `x-template`. */
interface PlacedText extends TextTemplate {
  readonly pointer: string;
}

export interface ConfigReading {
  readonly problems: readonly PlacedProblem[];
  readonly expressions: readonly PlacedExpression[];
  readonly texts: readonly PlacedText[];
  /** Usable only if there are no problems. */
  readonly template: ConfigTemplate;
}

/** Finds and compiles the expressions of a config. `compile` may throw ExpressionProblem. */
export function readConfig(
  config: JsonObject,
  configSchema: JsonObject,
  compile: (source: string) => CheckedExpression,
): ConfigReading {
  const reader = new ConfigReader(compile);
  const part = reader.read(config, '', SchemaView.of(configSchema), 1);
  const { problems, expressions, texts } = reader;
  const marked = expressions.filter(({ isMarked }) => isMarked);
  const template: ConfigTemplate = {
    isStatic: part.kind === 'fixed',
    expressions: new Map([...marked, ...texts].map(({ pointer, expression }) => [pointer, expression])),
    references: referencesOf(expressions),
    expressionReferences: referencesOf(marked),
    // Cast: filling in an object yields an object.
    resolve: (variables, budget) =>
      (part.kind === 'fixed' ? part.value : part.fill(new Filling(variables, budget))) as JsonObject,
  };
  return { problems, expressions, texts, template: Object.freeze(template) };
}

/** Like {@link readConfig} for one string of a config; pointers are relative to it. */
export function readText(
  text: string,
  schema: SchemaView,
  compile: (source: string) => CheckedExpression,
): Pick<ConfigReading, 'problems' | 'expressions' | 'texts'> {
  const reader = new ConfigReader(compile);
  reader.read(text, '', schema, 1);
  return reader;
}

function referencesOf(expressions: readonly PlacedExpression[]) {
  return distinctReferences(expressions.flatMap(({ expression }) => expression.references));
}

class ConfigReader {
  readonly problems: PlacedProblem[] = [];
  readonly expressions: PlacedExpression[] = [];
  readonly texts: PlacedText[] = [];

  constructor(private readonly compile: (source: string) => CheckedExpression) {}

  read(value: Json, pointer: string, schema: SchemaView, depth: number): Part {
    if (schema.isInnerConfig) return { kind: 'fixed', value };
    if (typeof value === 'string') return this.#readString(value, pointer, schema);
    if (typeof value !== 'object' || value === null) return { kind: 'fixed', value };
    if (depth > caps.json_depth) {
      const reason = `the config nests deeper than ${caps.json_depth} levels (cap json_depth)`;
      this.problems.push({ pointer, source: '', problem: new ExpressionProblem('LIMIT_EXCEEDED', reason, 0) });
      return { kind: 'fixed', value: null };
    }
    return Array.isArray(value)
      ? this.#readList(value as readonly Json[], pointer, schema, depth)
      : this.#readObject(value as JsonObject, pointer, schema, depth);
  }

  #readList(list: readonly Json[], pointer: string, schema: SchemaView, depth: number): Part {
    const parts = list.map((item, index) =>
      this.read(item, childPointer(pointer, index), schema.item(index), depth + 1),
    );
    if (parts.some(({ kind }) => kind === 'filled')) {
      return { kind: 'filled', fill: (filling) => parts.map((part) => resolvePart(part, filling)) };
    }
    const values = parts.map(fixedValue);
    const isSame = Object.isFrozen(list) && values.every((value, index) => value === list[index]);
    return { kind: 'fixed', value: isSame ? list : Object.freeze(values) };
  }

  #readObject(object: JsonObject, pointer: string, schema: SchemaView, depth: number): Part {
    const parts = Object.entries(object).map(([key, value]) => {
      return [key, this.read(value, childPointer(pointer, key), schema.property(key), depth + 1)] as const;
    });
    if (parts.some(([, { kind }]) => kind === 'filled')) {
      return {
        kind: 'filled',
        fill: (filling) => objectOf(parts.map(([key, part]) => [key, resolvePart(part, filling)])),
      };
    }
    const entries = parts.map(([key, part]) => [key, fixedValue(part)] as const);
    const isSame = Object.isFrozen(object) && entries.every(([key, value]) => value === object[key]);
    return { kind: 'fixed', value: isSame ? object : Object.freeze(objectOf(entries)) };
  }

  #readString(text: string, pointer: string, schema: SchemaView): Part {
    const asWritten: Part = { kind: 'fixed', value: text };
    const result = schema.cel;
    if (result !== undefined) {
      this.#collect(pointer, text, true, () => giving(this.compile(text), result));
      return asWritten;
    }
    if (schema.isLiteral) return asWritten;
    if (schema.isTemplate) return this.#readText(text, pointer) ?? asWritten;
    if (!text.includes('${')) return asWritten;
    return this.#readTemplate(text, pointer) ?? asWritten;
  }

  /** Undefined if it has problems, which are then in `problems`. */
  #readTemplate(text: string, pointer: string): Part | undefined {
    const parts = this.#readParts(text, pointer, (piece) => this.#readPiece(piece, pointer));
    if (parts === undefined) return undefined;
    const [first, ...others] = parts;
    if (first !== undefined && others.length === 0) return first;
    return { kind: 'filled', fill: fillText(parts) };
  }

  /** Like {@link #readTemplate}, for a string marked `x-template`. */
  #readText(text: string, pointer: string): Part | undefined {
    const before = this.expressions.length;
    const parts = this.#readParts(text, pointer, (piece) => {
      const constant = piece.kind === 'text' ? undefined : constantOf(piece.source);
      return constant === undefined ? this.#readPiece(piece, pointer) : { kind: 'filled', fill: () => constant };
    });
    if (parts === undefined) return undefined;
    const placed = { pointer, ...textTemplate(text, pointer, parts, referencesOf(this.expressions.slice(before))) };
    this.texts.push(placed);
    return placed.evaluated;
  }

  #readParts(text: string, pointer: string, read: (piece: Piece) => Part | undefined): readonly Part[] | undefined {
    const parts = this.#attempt(pointer, text, () => splitTemplate(text))?.map(read);
    return parts?.includes(undefined) ? undefined : (parts as Part[] | undefined);
  }

  #readPiece(piece: Piece, pointer: string): Part | undefined {
    if (piece.kind === 'text') return { kind: 'fixed', value: piece.text };
    const expression = this.#collect(pointer, piece.source, false, () => this.compile(piece.source));
    return expression && { kind: 'filled', fill: fillValue(expression, pointer) };
  }

  #collect(
    pointer: string,
    source: string,
    isMarked: boolean,
    compile: () => CheckedExpression,
  ): CheckedExpression | undefined {
    const expression = this.#attempt(pointer, source, compile);
    if (expression !== undefined) this.expressions.push({ pointer, expression, isMarked });
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

function resolvePart(part: Part, filling: Filling): Json {
  return part.kind === 'fixed' ? part.value : part.fill(filling);
}

function fixedValue(part: Part): Json {
  return (part as Exclude<Part, FilledPart>).value;
}

function objectOf(entries: readonly (readonly [string, Json])[]): Record<string, Json> {
  const object: Record<string, Json> = {};
  for (const [key, value] of entries) setOwn(object, key, value);
  return object;
}
