import type { FilledPart, Part } from './config-filling.js';

/** A part of a text template. */
export type Mark =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly name: string }
  | FilledPart;

/**
 * Finds `{name}` and `{.}` in the fixed parts. Other braces are literal, so JSON needs no escaping; `{{` … `}}` is a pair of
 * single braces.
 */
export function readMarks(parts: readonly Part[]): readonly Mark[] {
  const reader = new MarkReader();
  return parts.flatMap((part) => (part.kind === 'filled' ? part : reader.read(String(part.value))));
}

class MarkReader {
  /** Whether each open brace was doubled: only then is `}}` one escaped brace and not the end of two objects. */
  readonly #open: boolean[] = [];

  read(template: string): readonly Mark[] {
    const token = /\$\{|\{(?:[A-Za-z_][A-Za-z0-9_]*|\.)\}|\{\{|\}\}|[{}]/g;
    const marks: Mark[] = [];
    let text = '';
    let end = 0;
    for (let match = token.exec(template); match !== null; match = token.exec(template)) {
      const [found] = match;
      text += template.slice(end, match.index);
      end = match.index + found.length;
      if (found.length > 2) {
        marks.push({ kind: 'text', text }, { kind: 'name', name: found.slice(1, -1) });
        text = '';
      } else {
        const literal = this.#literal(found);
        text += literal.text;
        end = match.index + literal.length;
      }
      token.lastIndex = end;
    }
    return [...marks, { kind: 'text', text: text + template.slice(end) }];
  }

  /** The text that braces stand for, and how many characters of `found` they take. */
  #literal(found: string): { text: string; length: number } {
    if (found.endsWith('{')) {
      this.#open.push(found === '{{');
      return { text: found === '{{' ? '{' : found, length: found.length };
    }
    const isDoubled = this.#open.pop() ?? true;
    return { text: '}', length: isDoubled ? found.length : 1 };
  }
}
