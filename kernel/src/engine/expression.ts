import type { FiredPorts, Json, JsonObject } from '@llmteam/contracts';

/** The variables an expression may read. Reading an absent one is an unknown name at evaluation. */
export interface Variables {
  /** The value on the port; edge conditions only. */
  readonly value?: Json;
  readonly input?: Json;
  readonly ports?: Readonly<Record<string, Json>>;
  readonly run: { readonly id: string; readonly input: Json; readonly segment_id: string; readonly tenant_id: string };
  /** The ports a step fired, in this or the nearest outer scope; undefined if it was skipped or is undecided. */
  step(stepId: string): FiredPorts | undefined;
  readonly loop?: { readonly index: number; readonly item: Json };
}

/** A static path read by an expression: `steps.research.output` is `['steps', 'research', 'output']`. */
export type Reference = readonly string[];

/**
 * What several evaluations may do together, in units of `caps.expression_units`. Each counts it down by what it does, also when it fails; what
 * an evaluation does depends on the expression and the variables alone. Once it is used up, all fail with `LIMIT_EXCEEDED`.
 */
export interface WorkBudget {
  left: number;
}

/** A checked expression. Pure: the same variables yield the same value on every machine. */
export interface CompiledExpression {
  readonly source: string;
  readonly references: readonly Reference[];
  /**
   * @throws LlmteamError `EXPRESSION_FAILED` with the source and position in `details`; `LIMIT_EXCEEDED` if nothing is left of the budget
   */
  evaluate(variables: Variables, budget?: WorkBudget): Json;
}

/** A step's config with its expressions located and checked. */
export interface ConfigTemplate {
  /** Nothing to fill in: `resolve` always returns the same frozen object. */
  readonly isStatic: boolean;
  /** Strings marked `x-cel` in the config schema, by JSON Pointer. `resolve` leaves them as written. */
  readonly expressions: ReadonlyMap<string, CompiledExpression>;
  /** Everything the marked strings and the `${…}` read. */
  readonly references: readonly Reference[];
  /** What the marked strings read. */
  readonly expressionReferences: readonly Reference[];
  /** The config with every `${…}` filled in. @throws LlmteamError `EXPRESSION_FAILED`, `LIMIT_EXCEEDED` */
  resolve(variables: Variables, budget?: WorkBudget): JsonObject;
}

/** The engine's port to CEL; the only implementation is in `kernel/src/expressions`. */
export interface ExpressionCompiler {
  /** @throws LlmteamError `SEGMENT_INVALID` with the source, position and cause in the message. */
  expression(source: string): CompiledExpression;
  /** @throws LlmteamError `SEGMENT_INVALID` with the JSON Pointer within the config in the message */
  template(config: JsonObject, configSchema: JsonObject): ConfigTemplate;
}
