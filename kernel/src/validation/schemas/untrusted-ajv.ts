/**
 * Purpose: an Ajv for one schema that a user wrote.
 * Owns: bounding its work. Ajv takes schemas for trusted code; what passed the vetting still may check for hours: references
 * that double, comparisons of every item with every other, patterns.
 * Invariants:
 *   U1 Every subschema is counted as it is applied, with a weight for what its keywords look at.
 *   U2 Patterns are RE2's; formats see no long texts.
 */
import type { Json, JsonObject } from '@llmteam/contracts';
import type { Ajv2020, Format } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import { compilePattern } from '../../expressions/patterns.js';
import { addFormats, makeVerboseAjv } from './ajv.js';
import { eachSubschema } from './schema-vetting.js';
import type { WorkMeter } from './work-meter.js';

const meterKeyword = 'x-llmteam-work';
/** A unit buys so many steps of an automaton, characters of a length, items of a list, and one key: each key may be an error. */
const stepsPerUnit = 50;
const charactersPerUnit = 500;
const itemsPerUnit = 10;
/** Some formats are expressions that take the square of the length. */
const formatCharacters = 2_048;

export function untrustedAjv(meter: WorkMeter): Ajv2020 {
  // A schema is compiled for few values, so optimizing the code would cost more than it gains.
  const regExp = Object.assign((source: string) => re2Pattern(source, meter), { code: 're2' });
  const options = { inlineRefs: false, code: { optimize: false, regExp } };
  const ajv = addFormats(makeVerboseAjv(options, (units) => meter.spend(units)));
  for (const name of Object.keys(ajv.formats)) boundFormat(ajv, name, meter);
  ajv.addKeyword({
    keyword: meterKeyword,
    validate: (weight: number, data: unknown) => {
      meter.spend(weight + lookedAt(data));
      return true;
    },
  });
  return ajv;
}

/** A copy of the schema in which every subschema is counted. */
export function metered(schema: JsonObject): JsonObject {
  const copy = structuredClone(schema);
  eachSubschema(copy, '', (subschema) => {
    Object.assign(subschema, { [meterKeyword]: weightOf(subschema) });
  });
  return copy;
}

/** What the keywords of one subschema look for in an object. Comparisons with whole values are counted as they are made. */
function weightOf({ required, properties, dependentRequired }: JsonObject): number {
  return 1 + nodesOf(required) + nodesOf(dependentRequired) + Object.keys(properties ?? {}).length;
}

function nodesOf(value: Json | undefined): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values<Json>(value).reduce<number>((sum, member) => sum + 1 + nodesOf(member), 0);
}

function lookedAt(data: unknown): number {
  if (typeof data === 'string') return data.length / charactersPerUnit;
  if (Array.isArray(data)) return data.length / itemsPerUnit;
  return typeof data === 'object' && data !== null ? Object.keys(data).length : 0;
}

/** Ajv keeps patterns by what their `toString` gives; without one of its own every pattern would be taken for the first. */
function re2Pattern(source: string, meter: WorkMeter) {
  const compiled = compilePattern(RE2JS.translateRegExp(source));
  if ('reason' in compiled) throw new SyntaxError(compiled.reason);
  return {
    test: (text: string): boolean => {
      meter.spend(1 + (text.length * compiled.programSize) / stepsPerUnit);
      return compiled.test(text);
    },
    toString: () => `re2:${source}`,
  };
}

/** Formats of numbers, and those that take every text, are left as they are. */
function boundFormat(ajv: Ajv2020, name: string, meter: WorkMeter): void {
  const test = textTest(ajv.formats[name]);
  if (test === null) return;
  ajv.addFormat(name, (text: string) => {
    if (text.length > formatCharacters) return false;
    meter.spend(1 + text.length ** 2 / charactersPerUnit);
    return test(text);
  });
}

function textTest(format: Format | undefined): ((text: string) => boolean) | null {
  if (typeof format === 'object' && 'type' in format && format.type === 'number') return null;
  const test: unknown = typeof format === 'object' && 'validate' in format ? format.validate : format;
  if (test instanceof RegExp) return (text) => test.test(text);
  return typeof test === 'function' ? (text) => test(text) === true : null;
}
