import { type Static, Type } from 'typebox';
import { Identifier } from '../ids.js';
import { JsonRecord, JsonValue } from '../json.js';

const strict = { additionalProperties: false } as const;

export const PortSpec = Type.Object(
  {
    name: Type.String({ description: 'A port name, or `*` for any other name used by an edge or the step.' }),
    type: Type.Enum(['any', 'string', 'number', 'boolean', 'object', 'array'], { default: 'any' }),
    description: Type.String(),
    required: Type.Boolean({ default: false }),
    default: Type.Optional({
      ...JsonValue,
      description: 'Of an input port of a task type on which nothing, or null, arrives.',
    }),
    schema: Type.Optional(JsonRecord),
  },
  { ...strict, $id: 'PortSpec' },
);
export type PortSpec = Static<typeof PortSpec>;

export const stepCategories = ['ai', 'data', 'integration', 'control', 'human', 'utility'] as const;

/** A step type's catalog entry. Plain JSON: workers announce it, gateways validate against it. */
export const StepTypeMetadata = Type.Object(
  {
    type_id: Identifier,
    version: Type.String({ description: 'Semantic version of the plugin package that provides it.' }),
    display_name: Type.String(),
    description: Type.String(),
    category: Type.Enum([...stepCategories]),
    icon: Type.String(),
    color: Type.String(),
    config_schema: JsonRecord,
    input_ports: Type.Array(PortSpec),
    output_ports: Type.Array(PortSpec),
    supports_retry: Type.Boolean(),
    supports_timeout: Type.Boolean(),
    supports_parallel: Type.Boolean(),
    is_async: Type.Boolean({
      description: 'Whether the step waits for the outside world; if so, its start is journaled.',
    }),
    docs_url: Type.String(),
    examples: Type.Array(JsonRecord, { description: 'Valid configs.' }),
    permissions: Type.Array(Type.String(), {
      description:
        'What its handler uses: `network:<host>`, `client:<name>`, `secret:<name>`, `store:<name>`, `llm:<name>`; `*` for any.',
    }),
  },
  { ...strict, $id: 'StepTypeMetadata' },
);
export type StepTypeMetadata = Static<typeof StepTypeMetadata>;

/** What a plugin says of a step type. Its version is that of the package; by default it uses all that the manifest declares. */
export type StepTypeDescription = Omit<StepTypeMetadata, 'version' | 'permissions'> &
  Partial<Pick<StepTypeMetadata, 'permissions'>>;

/**
 * Marks a string in a config schema as CEL: `Type.String({ [celKeyword]: 'boolean' })`. The value is the required result
 * type. The expression is checked when the segment is loaded, and `${…}` in it is not expanded.
 */
export const celKeyword = 'x-cel';
export type CelResult = 'any' | 'boolean' | 'list';

/**
 * Marks a value in a config schema in which `${…}` is not expanded, e.g. the name of a signal. A segment with `${` there is
 * refused, because nothing would ever fill it in.
 */
export const literalKeyword = 'x-literal';

/**
 * Marks a value in the config schema of a control type that becomes the config of an inner step (`InnerStep`): what is in it is read
 * when that step runs, with its variables, and checked against the schema of its type.
 */
export const innerConfigKeyword = 'x-inner-config';

/**
 * Marks a value in a config schema that is itself a JSON Schema. It is checked when the segment is loaded, unless it holds `${…}`.
 * `true`: the kernel validates values with it, so it must be one that the kernel can compile. `{ refused: […] }`: the step type
 * validates values with it; only the form of its keywords is checked, that none of `refused` occurs, and that every `$ref`
 * leads to a schema in it.
 */
export const schemaKeyword = 'x-schema';
export type SchemaUse = true | { readonly refused: readonly string[] };

/**
 * Marks a string in a config schema as a text template: `Type.String({ [templateKeyword]: true })`. It may contain
 * `${ CEL }`, `{name}` for a field of the step's input and `{.}` for the whole input; `{{` and `}}` are literal braces. It
 * is filled in one pass: a value that is filled in is not read again. The handler reads the text with
 * `context.evaluate(pointer)`, not from its config.
 */
export const templateKeyword = 'x-template';

/**
 * Says in words what the `pattern` beside it asks for, to follow "must be": `an http or https URL`. Messages show it instead of the
 * regular expression.
 */
export const expectedKeyword = 'x-expected';

/** Keywords of config schemas besides those of JSON Schema. They say how a value is used and constrain nothing themselves. */
export const configKeywords = [
  celKeyword,
  literalKeyword,
  innerConfigKeyword,
  templateKeyword,
  schemaKeyword,
  expectedKeyword,
] as const;
