/**
 * Purpose: an Ajv for a single user-written schema.
 * Owns: bounding its work. Ajv treats schemas as trusted code; one that passes vetting could still run for hours through references
 * that double, comparisons of list items, or patterns.
 * Invariants:
 *   U1 Every application of a subschema is metered, weighted by how much its keywords look at.
 *   U2 Patterns run in RE2; formats never see long texts.
 */
import type { Json, JsonObject } from '@llmteam/contracts';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import { compilePattern } from '../../expressions/patterns.js';
import { addFormats, makeVerboseAjv, textTest } from './ajv.js';
import { subschemasOf } from './schema-vetting.js';
import type { WorkMeter } from './work-meter.js';

const meterKeyword = 'x-llmteam-work';
/** What one unit of work pays for: characters, list items, or a single key, since each key may yield an error. */
const charactersPerUnit = 500;
const itemsPerUnit = 10;
/** Some formats are regular expressions that take quadratic time. */
const formatCharacters = 2_048;

export function untrustedAjv(meter: WorkMeter): Ajv2020 {
  // A schema validates only a few values, so optimizing its code would cost more than it saves.
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

/** A copy of the schema in which every subschema is metered. */
export function metered(schema: JsonObject): JsonObject {
  const copy = structuredClone(schema);
  // Collected first: a metered schema has one more keyword to look into.
  for (const [subschema] of [...subschemasOf(copy)]) {
    Object.assign(subschema, { [meterKeyword]: weightOf(subschema) });
  }
  return copy;
}

/** The number of keys a subschema looks up in an object. Comparisons of whole values are metered as they happen. */
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

/** Ajv caches patterns by their `toString()`; without a distinct one, every pattern would be mistaken for the first. */
function re2Pattern(source: string, meter: WorkMeter) {
  const compiled = compilePattern(RE2JS.translateRegExp(source));
  if ('reason' in compiled) throw new SyntaxError(compiled.reason);
  return {
    test: (text: string): boolean => {
      // A pattern's units are nanoseconds, the meter's are microseconds.
      meter.spend(1 + (text.length * compiled.unitsPerCharacter) / 1_000);
      return compiled.test(text);
    },
    toString: () => `re2:${source}`,
  };
}

/** Number formats, and formats that accept every text, are left unchanged. */
function boundFormat(ajv: Ajv2020, name: string, meter: WorkMeter): void {
  const test = textTest(ajv.formats[name]);
  if (test === null) return;
  ajv.addFormat(name, (text: string) => {
    if (text.length > formatCharacters) return false;
    meter.spend(1 + text.length ** 2 / charactersPerUnit);
    return test(text);
  });
}
