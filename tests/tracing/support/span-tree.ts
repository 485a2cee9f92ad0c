import type { ReceivedSpan } from './otlp-receiver.js';

/**
 * The spans below a parent as indented lines, in order of their start: `name` and what `describe` says. Those that start in the same millisecond,
 * as branches and their join may, are in the order of `names`.
 */
export function treeOf(
  spans: readonly ReceivedSpan[],
  describe: (span: ReceivedSpan) => string = () => '',
  parent = '',
  names: readonly string[] = [],
): string[] {
  const place = ({ name }: ReceivedSpan): number => names.indexOf(name);
  return spans
    .filter(({ parent_span_id }) => parent_span_id === parent)
    .sort(
      (one, other) => one.start_at - other.start_at || place(one) - place(other) || one.name.localeCompare(other.name),
    )
    .flatMap((span) => [
      `${span.name} ${describe(span)}`.trim(),
      ...treeOf(spans, describe, span.span_id, names).map((line) => `  ${line}`),
    ]);
}
