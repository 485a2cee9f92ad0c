/**
 * Purpose: examples that are true: whatever a page shows as JSON went through a check on its way in.
 * Invariant: a block of JSON in a page that came from nowhere else is a fault (`uncheckedBlocks`).
 */
import { validateText } from '@llmteam/kernel';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fence } from './markdown.mjs';
import { schemaFile } from './plain-schema.mjs';
import { schemas } from './schema-files.mjs';

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export class CheckedExamples {
  #workbench;
  #ajv = new Ajv2020({ allErrors: true, formats: { 'date-time': moment } });
  #shown = new Set();

  constructor(workbench) {
    this.#workbench = workbench;
    for (const [name, schema] of schemas) this.#ajv.addSchema(schemaFile(name, schema), name);
  }

  /** Fits the schema of docs/contracts/schemas/ that has the name. */
  fitting(name, value) {
    if (!this.#ajv.validate(name, value)) {
      const faults = this.#ajv.errorsText(undefined, { separator: '; ' });
      throw new Error(`an example is no ${name}: ${faults}\n${JSON.stringify(value, null, 2)}`);
    }
    return this.#show(value);
  }

  /** A segment without a problem. */
  segment(value) {
    const { problems } = validateText(pretty(value), this.#workbench);
    if (problems.length > 0) throw new Error(`an example segment is wrong: ${JSON.stringify(problems, null, 2)}`);
    return this.#show(value);
  }

  /** A config of the step type. */
  stepConfig({ type_id, version }, value) {
    const fault = this.#workbench.catalog.find(type_id, version).checkConfig(value);
    if (fault !== null) throw new Error(`an example config of ${type_id} is wrong: ${fault}`);
    return this.#show(value);
  }

  /** A segment that is wrong, and what the validator says to it. */
  brokenSegment(value) {
    const { problems } = validateText(pretty(value), this.#workbench);
    if (problems.length === 0) throw new Error('the broken segment is not broken');
    return { segment: this.#show(value), problems, answer: this.#show(problems) };
  }

  uncheckedBlocks(text) {
    const blocks = [...text.matchAll(/^```json\n([\s\S]*?)\n```$/gm)];
    return blocks.map(([, body]) => body).filter((body) => !this.#shown.has(body));
  }

  #show(value) {
    const text = pretty(value);
    this.#shown.add(text);
    return fence('json', text);
  }
}

const widest = 100;

/** As JSON.stringify with two spaces, but for lists and objects that fit into a line. */
function pretty(value, indent = '') {
  const short = inALine(value);
  if (typeof value !== 'object' || value === null || (short.length + indent.length <= widest && isFlat(value)))
    return short;
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Array.isArray(value)
    ? value.map((item) => pretty(item, deeper))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pretty(item, deeper)}`);
  return items.length === 0
    ? open + close
    : `${open}\n${items.map((item) => deeper + item).join(',\n')}\n${indent}${close}`;
}

/** An object of objects is easier to read over several lines, however short it is. */
function isFlat(value) {
  const items = Object.values(value);
  return Array.isArray(value)
    ? items.every((item) => typeof item !== 'object' || item === null)
    : items.length <= 8 && items.every((item) => typeof item !== 'object' || item === null || isSmall(item));
}

function isSmall(value) {
  return Object.values(value).every((item) => typeof item !== 'object' || item === null);
}

function inALine(value) {
  if (Array.isArray(value)) return `[${value.map(inALine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${inALine(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
