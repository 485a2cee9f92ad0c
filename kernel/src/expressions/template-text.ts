import { ExpressionProblem } from './problem.js';
import { endOfSkipped } from './scan.js';

/** A piece of a config string: plain text, or the CEL of a `${…}`. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly source: string };

/**
 * Splits a config string at its `${…}`; `$${` is the escape for a literal `${`.
 * @throws ExpressionProblem if a `${` is not closed.
 */
export function splitTemplate(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let plain = '';
  let index = 0;
  while (index < text.length) {
    const dollar = text.indexOf('$', index);
    if (dollar < 0) break;
    plain += text.slice(index, dollar);
    if (text.startsWith('$${', dollar)) {
      plain += '${';
      index = dollar + 3;
    } else if (text.startsWith('${', dollar)) {
      if (plain !== '') pieces.push({ kind: 'text', text: plain });
      plain = '';
      const end = endOfExpression(text, dollar + 2);
      pieces.push({ kind: 'expression', source: text.slice(dollar + 2, end).trim() });
      index = end + 1;
    } else {
      plain += '$';
      index = dollar + 1;
    }
  }
  plain += text.slice(index);
  if (plain !== '') pieces.push({ kind: 'text', text: plain });
  return pieces;
}

/** The index of the `}` that closes the expression starting at `start`. */
function endOfExpression(text: string, start: number): number {
  let open = 0;
  for (let index = start; index < text.length; ) {
    const next = endOfSkipped(text, index);
    if (next > index) {
      index = next;
      continue;
    }
    const character = text[index];
    if (character === '}' && open === 0) return index;
    if (character === '{') open += 1;
    if (character === '}') open -= 1;
    index += 1;
  }
  throw new ExpressionProblem(
    'INVALID_EXPRESSION',
    "'${' has no closing '}'; write '$${' for a literal '${'",
    start - 2,
  );
}
