import {
  type ControlType,
  type ControlView,
  type ErrorInfo,
  type Json,
  literalKeyword,
  type Reaction,
  type RunOutcome,
} from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { celMapping, strict } from './config-schema.js';
import { controlMetadata, errorPort, inputPort, port } from './metadata.js';
import { complete, errorJson, fail, nothing } from './reaction.js';

const Config = Type.Object(
  {
    segment_ref: Type.String({
      minLength: 1,
      maxLength: 256,
      [literalKeyword]: true,
      description: 'The segment to run.',
    }),
    input_mapping: Type.Optional(celMapping("`{key: CEL}`: the child's input. Default: the step's input unchanged.")),
    output_mapping: Type.Optional(
      celMapping(
        "`{key: CEL}`: the value of `output`, where `input` is the child's output. Default: that output unchanged.",
      ),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;
type View = ControlView<Config, never>;

/** Runs another segment as a step. */
export const subworkflowType: ControlType<Config, never> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'subworkflow',
    display_name: 'Subworkflow',
    description: 'Starts a run of another segment, with its own history, and waits for it.',
    icon: 'workflow',
    color: '#0ea5e9',
    config: Config,
    input_ports: [inputPort],
    output_ports: [port('output', "The child's output, or the result of `output_mapping`."), errorPort],
    waits: true,
    supports_timeout: true,
    supports_retry: true,
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
    if (status !== 'completed') return childFailed(view, status, error);
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

function mapped(mapping: Readonly<Record<string, string>>, valueFor: (key: string) => Json): Json {
  return Object.fromEntries(Object.keys(mapping).map((key) => [key, valueFor(key)]));
}

/** JSON Pointer (RFC 6901) of a key within a mapping. */
function pointer(mapping: string, key: string): string {
  return `/${mapping}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function childFailed(view: View, childStatus: RunOutcome, error: ErrorInfo | null): Reaction<never> {
  const why = error === null ? '' : `: ${error.error_code}: ${error.error_message}`;
  return fail('CHILD_RUN_FAILED', `the child run of '${view.config.segment_ref}' ended as ${childStatus}${why}`, {
    child_status: childStatus,
    cause: error === null ? null : errorJson(error),
  });
}
