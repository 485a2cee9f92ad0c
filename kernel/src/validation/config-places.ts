import type { Json, JsonObject } from '@llmteam/contracts';
import { SchemaView } from '../expressions/schema-view.js';
import { childPointer } from '../json/json-pointer.js';
import { type DraftStep, entryOfAnyVersion } from './draft.js';
import type { ValidationContext } from './validation-context.js';

/** A value within the config of a step. */
export interface ConfigPlace {
  readonly value: Json;
  /** JSON Pointer within the segment. */
  readonly pointer: string;
  /** The keys and indexes that lead to it from the config. */
  readonly path: readonly (string | number)[];
  /** What the config schema says about it; nothing if the type of the step is unknown. */
  readonly schema: SchemaView;
}

/** All values within a step's config, the config itself first, parents before children. */
export function* configPlaces(step: DraftStep, { catalog }: ValidationContext): Iterable<ConfigPlace> {
  if (step.config === null) return;
  const schema: JsonObject = entryOfAnyVersion(step, catalog)?.metadata.config_schema ?? {};
  const ahead: ConfigPlace[] = [
    { value: step.config, pointer: `${step.pointer}/config`, path: [], schema: SchemaView.of(schema) },
  ];
  for (let place = ahead.pop(); place !== undefined; place = ahead.pop()) {
    yield place;
    for (const member of membersOf(place).reverse()) ahead.push(member);
  }
}

function membersOf({ value, pointer, path, schema }: ConfigPlace): ConfigPlace[] {
  if (typeof value !== 'object' || value === null) return [];
  const at = (key: string | number, member: Json, view: SchemaView): ConfigPlace => {
    return { value: member, pointer: childPointer(pointer, key), path: [...path, key], schema: view };
  };
  if (Array.isArray(value)) return value.map((item: Json, index) => at(index, item, schema.item(index)));
  return Object.entries<Json>(value as JsonObject).map(([key, member]) => at(key, member, schema.property(key)));
}
