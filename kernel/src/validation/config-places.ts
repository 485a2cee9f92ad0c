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

/** All values within a step's config, the config itself first, parents before children. Those in the config of an inner step are that step's. */
export function* configPlaces(step: DraftStep, { catalog }: ValidationContext): Iterable<ConfigPlace> {
  if (step.config === null) return;
  const schema: JsonObject = entryOfAnyVersion(step, catalog)?.metadata.config_schema ?? {};
  const root: ConfigPlace = {
    value: step.config,
    pointer: `${step.pointer}/config`,
    path: [],
    schema: SchemaView.of(schema),
  };
  yield root;
  const within = [membersOf(root)];
  for (let members = within.at(-1); members !== undefined; members = within.at(-1)) {
    const next = members.next();
    if (next.done === true) within.pop();
    else {
      yield next.value;
      within.push(membersOf(next.value));
    }
  }
}

/** One at a time: a config may have very many, and validation pauses between them. */
function* membersOf({ value, pointer, path, schema }: ConfigPlace): Generator<ConfigPlace, void> {
  if (typeof value !== 'object' || value === null || schema.isInnerConfig) return;
  const at = (key: string | number, member: Json, view: SchemaView): ConfigPlace => {
    return { value: member, pointer: childPointer(pointer, key), path: [...path, key], schema: view };
  };
  if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly Json[]).entries()) yield at(index, item, schema.item(index));
    return;
  }
  const members = value as JsonObject;
  for (const key of Object.keys(members)) yield at(key, members[key] as Json, schema.property(key));
}
