import { excludedKey } from '../closed-input.js';
import type { PlacedExpression } from '../expression-places.js';
import { pause, type Rule } from '../rule.js';
import { readsRunInput } from '../run-input.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { error, hint, quoted } from '../wording.js';

/** Expressions read no key of the run's input that a closed `input_schema` excludes. */
export const inputKeys: Rule = function* (analysis) {
  const { inputSchema, closest } = analysis;
  if (inputSchema === null) return;
  for (const placed of analysis.expressions.placed) {
    yield pause;
    for (const path of inputPaths(placed, analysis)) {
      const excluded = excludedKey(inputSchema, path);
      if (excluded === null) continue;
      const suggestion = closest.find(excluded.key, excluded.known);
      const known = hint(suggestion, excluded.known, 'it allows');
      const message = `${placed.subject}: reads ${quoted(excluded.key)} of the input, which input_schema does not allow${known}`;
      yield error('UNKNOWN_VARIABLE', placed.pointer, message, suggestion);
    }
  }
};

/** The paths that an expression reads within the run's input. */
function inputPaths({ reader, expression }: PlacedExpression, analysis: SegmentAnalysis): (readonly string[])[] {
  const isInput =
    reader.kind === 'output' ||
    (reader.kind === 'config' && reader.inner === undefined && readsRunInput(reader.step, analysis));
  return expression.references.flatMap(([root, ...path]) => {
    if (root === 'input' && isInput) return [path];
    if (root === 'run' && path[0] === 'input') return [path.slice(1)];
    return root === 'ports' && path[0] === 'input' && isInput && reader.kind === 'config' ? [path.slice(1)] : [];
  });
}
