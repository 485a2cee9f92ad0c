import type { ReceivedSpan } from './otlp-receiver.js';

/** The spans below a parent as indented lines, in order of their start: `name` and what `describe` says. */
export function treeOf(
  spans: readonly ReceivedSpan[],
  describe: (span: ReceivedSpan) => string = () => '',
  parent = '',
): string[] {
  return spans
    .filter(({ parent_span_id }) => parent_span_id === parent)
    .sort((one, other) => one.start_at - other.start_at || one.name.localeCompare(other.name))
    .flatMap((span) => [
      `${span.name} ${describe(span)}`.trim(),
      ...treeOf(spans, describe, span.span_id).map((line) => `  ${line}`),
    ]);
}
