import type { FiredPorts, Json, JsonObject } from '@llmteam/contracts';

/** What an expression may see. Absent parts are unknown names at evaluation. */
export interface Variables {
  /** Edge conditions: the value on the port. */
  readonly value?: Json;
  readonly input?: Json;
  readonly ports?: Readonly<Record<string, Json>>;
  readonly run: { readonly id: string; readonly input: Json; readonly segment_id: string; readonly tenant_id: string };
  /** What a step fired, in this scope or the nearest outer one; undefined if it was skipped or is not decided. */
  step(stepId: string): FiredPorts | undefined;
  readonly loop?: { readonly index: number; readonly item: Json };
}

/** A static path an expression reads: `steps.research.output` is `['steps', 'research', 'output']`. */
export type Reference = readonly string[];

/** A checked expression. Pure: the same variables give the same value, on every machine. */
export interface CompiledExpression {
  readonly source: string;
  readonly references: readonly Reference[];
  /** @throws LlmteamError `EXPRESSION_FAILED` with the text and the position in `details`. */
  evaluate(variables: Variables): Json;
}

/** A step's config with its expressions found and checked. */
export interface ConfigTemplate {
  /** Nothing to fill in: `resolve` gives the same frozen object every time. */
  readonly isStatic: boolean;
  /** By JSON Pointer: strings marked `x-cel` in the config schema. `resolve` leaves them as written. */
  readonly expressions: ReadonlyMap<string, CompiledExpression>;
  /** What the marked strings and the `${…}` read, together. */
  readonly references: readonly Reference[];
  /** What the marked strings read. */
  readonly expressionReferences: readonly Reference[];
  /** The config with every `${…}` filled in. @throws LlmteamError `EXPRESSION_FAILED` */
  resolve(variables: Variables): JsonObject;
}

/** The engine's door to CEL; the only implementation is in `kernel/src/expressions`. */
export interface ExpressionCompiler {
  /** @throws LlmteamError `SEGMENT_INVALID` whose message tells text, position and cause. */
  expression(source: string): CompiledExpression;
  /** @throws LlmteamError `SEGMENT_INVALID`, naming the JSON Pointer within the config. */
  template(config: JsonObject, configSchema: JsonObject): ConfigTemplate;
}
