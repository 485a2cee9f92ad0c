import {
  type ControlType,
  type ControlView,
  type ErrorInfo,
  type Json,
  literal_keyword,
  type Reaction,
  type RunOutcome,
} from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { cel_mapping, strict } from './config-schema.js';
import { control_metadata, error_port, input_port, port } from './metadata.js';
import { complete, error_json, fail, nothing } from './reaction.js';

const Config = Type.Object(
  {
    segment_ref: Type.String({
      minLength: 1,
      maxLength: 256,
      [literal_keyword]: true,
      description: 'The segment the child run executes.',
    }),
    input_mapping: Type.Optional(cel_mapping("`{key: CEL}`: the child's input. Default: the input as it is.")),
    output_mapping: Type.Optional(
      cel_mapping("`{key: CEL}`: what `output` carries; `input` is the child's output. Default: that output as it is."),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;
type View = ControlView<Config, never>;

/** Runs another segment as a step. */
export const subworkflow_type: ControlType<Config, never> = {
  kind: 'control',
  metadata: control_metadata({
    type_id: 'subworkflow',
    display_name: 'Subworkflow',
    description: 'Starts a run of another segment, with its own history, and waits for it.',
    icon: 'workflow',
    color: '#0ea5e9',
    config: Config,
    input_ports: [input_port],
    output_ports: [port('output', "The child's output, or what `output_mapping` makes of it."), error_port],
    waits: true,
    examples: [
      { segment_ref: 'article_writer' },
      {
        segment_ref: 'article_writer',
        input_mapping: { topic: 'input.title' },
        output_mapping: { text: 'input.article' },
      },
    ],
  }),
  react(occurrence, view) {
    if (occurrence.kind === 'started') return start(view);
    if (occurrence.kind !== 'child_ended') return nothing;
    const { status, output, error } = occurrence;
    if (status !== 'completed') return child_failed(view, status, error);
    const { output_mapping } = view.config;
    if (output_mapping === undefined) return complete({ output });
    return complete({
      output: mapped(output_mapping, (key) => view.evaluate(pointer('output_mapping', key), { input: output })),
    });
  },
};

function start(view: View): Reaction<never> {
  const { segment_ref, input_mapping } = view.config;
  const input =
    input_mapping === undefined
      ? view.input
      : mapped(input_mapping, (key) => view.evaluate(pointer('input_mapping', key)));
  return { directives: [{ do: 'start_child', segment_ref, input }] };
}

function mapped(mapping: Readonly<Record<string, string>>, value_of: (key: string) => Json): Json {
  return Object.fromEntries(Object.keys(mapping).map((key) => [key, value_of(key)]));
}

/** JSON Pointer (RFC 6901) of a key within a mapping. */
function pointer(mapping: string, key: string): string {
  return `/${mapping}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function child_failed(view: View, child_status: RunOutcome, error: ErrorInfo | null): Reaction<never> {
  const why = error === null ? '' : `: ${error.error_code}: ${error.error_message}`;
  return fail('CHILD_RUN_FAILED', `the child run of '${view.config.segment_ref}' ended as ${child_status}${why}`, {
    child_status,
    cause: error === null ? null : error_json(error),
  });
}
