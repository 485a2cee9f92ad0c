/**
 * Purpose: validates every JSON example before a page shows it.
 * Invariant: a JSON block that did not come from here is an error (`uncheckedBlocks`).
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

  /** An example that is valid against the named schema in docs/contracts/schemas/. */
  fitting(name, value) {
    if (!this.#ajv.validate(name, value)) {
      const faults = this.#ajv.errorsText(undefined, { separator: '; ' });
      throw new Error(`an example does not match the schema ${name}: ${faults}\n${JSON.stringify(value, null, 2)}`);
    }
    return this.#show(value);
  }

  /** A segment that validates without problems. */
  segment(value) {
    const { problems } = validateText(pretty(value), this.#workbench);
    if (problems.length > 0) throw new Error(`an example segment is invalid: ${JSON.stringify(problems, null, 2)}`);
    return this.#show(value);
  }

  /** A valid config of the step type. */
  stepConfig({ type_id, version }, value) {
    const fault = this.#workbench.catalog.find(type_id, version).checkConfig(value);
    if (fault !== null) throw new Error(`an example config of ${type_id} is invalid: ${fault}`);
    return this.#show(value);
  }

  /** An invalid segment and the problems that the validator reports. */
  brokenSegment(value) {
    const { problems } = validateText(pretty(value), this.#workbench);
    if (problems.length === 0) throw new Error('the broken segment is valid');
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

/** Like JSON.stringify with two spaces, except that short lists and objects stay on one line. */
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

/** An object of objects is easier to read on several lines, however short it is. */
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
