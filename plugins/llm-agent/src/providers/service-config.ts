/** Keys that the entries of `llms` have in common whatever service they lead to. */
import type { TimeLimits } from '@llmteam/ai-sdk';
import { expectedKeyword } from '@llmteam/contracts';
import { type TSchema, Type } from 'typebox';

export const model = Type.String({ minLength: 1, description: "The service's name for the model." });

/** @param description of what is appended to the URL; `example` is one, or the default */
export function baseUrl(description: string, options: { readonly default?: string; readonly example?: string }) {
  const shown = options.default ?? options.example;
  return Type.String({
    pattern: '^https?://[^/?#@]+(/[^?#]*)?$',
    [expectedKeyword]: `an http or https URL such as ${shown}, without user name, password and query`,
    ...(options.default !== undefined && { default: options.default }),
    description: `${description} No user name, password or query.`,
  });
}

export function apiKey(description: string) {
  return Type.String({ minLength: 1, writeOnly: true, description });
}

const seconds = { exclusiveMinimum: 0, maximum: 86_400 };

/** Headers, time limits, streaming. */
export const callKeys = {
  headers: Type.Optional(
    Type.Unsafe<Readonly<Record<string, string>>>({
      type: 'object',
      additionalProperties: { type: 'string', writeOnly: true },
      description: 'Sent with every request.',
    }),
  ),
  timeout_seconds: Type.Optional(
    Type.Number({ ...seconds, default: 300, description: 'Timeout of one call, up to the last token.' }),
  ),
  first_token_seconds: Type.Optional(
    Type.Number({ ...seconds, description: 'Timeout up to the first token of an answer that is streamed.' }),
  ),
  token_gap_seconds: Type.Optional(
    Type.Number({ ...seconds, description: 'Timeout from one token of a stream to the next.' }),
  ),
  stream: Type.Optional(
    Type.Boolean({
      default: true,
      description: 'Set to false for services that cannot stream; there are no live tokens then.',
    }),
  ),
} satisfies Record<string, TSchema>;

/** The options of the adapter that an entry sets as they are. */
export function limitsOf({
  timeout_seconds,
  first_token_seconds,
  token_gap_seconds,
  stream,
}: TimeLimits & { readonly stream?: boolean }): TimeLimits & { readonly stream?: boolean } {
  return {
    ...(timeout_seconds !== undefined && { timeout_seconds }),
    ...(first_token_seconds !== undefined && { first_token_seconds }),
    ...(token_gap_seconds !== undefined && { token_gap_seconds }),
    ...(stream !== undefined && { stream }),
  };
}
