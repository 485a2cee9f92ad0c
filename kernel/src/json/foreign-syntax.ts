/** Syntax of other notations, found where JSON was expected. */
export type ForeignSyntax = 'comment' | 'trailing_comma' | 'single_quotes' | 'bare_key' | 'yaml';

/** What a text has at an offset where JSON does not allow it; null if it resembles nothing. */
export function foreignSyntax(text: string, at: number): ForeignSyntax | null {
  const character = text[at] ?? '';
  if (isYaml(text, at)) return 'yaml';
  if (character === '#' || (character === '/' && /[/*]/.test(text[at + 1] ?? ''))) return 'comment';
  if (/[}\]]/.test(character) && lastBefore(text, at) === ',') return 'trailing_comma';
  if (character === "'") return 'single_quotes';
  return /[A-Za-z_]/.test(character) && bareKey.test(text.slice(at, at + longestKey)) ? 'bare_key' : null;
}

export const foreignSyntaxNames: Readonly<Record<ForeignSyntax, string>> = {
  comment: 'a comment, which JSON does not have',
  trailing_comma: 'a comma after the last item, which JSON does not allow',
  single_quotes: 'a string in single quotes; JSON has double quotes only',
  bare_key: 'a key without quotes; JSON needs double quotes',
  yaml: 'YAML, not JSON',
};

const longestKey = 128;
const bareKey = /^[A-Za-z_][\w-]*\s*:/;
const firstLineOfYaml = /^(?:---|%YAML|- |[A-Za-z_][\w-]*:(?:\s|$))/;

/** Judged by the first line that is not a comment of YAML. */
function isYaml(text: string, at: number): boolean {
  const start = /^(?:\s|#[^\n]*\n)*/.exec(text.slice(0, at + longestStart))?.[0].length ?? 0;
  return at <= start && firstLineOfYaml.test(text.slice(start, start + longestKey));
}

/** Comments at the beginning of a file are read no further than this. */
const longestStart = 4_096;

function lastBefore(text: string, at: number): string | undefined {
  let index = at - 1;
  while (index >= 0 && /\s/.test(text[index] ?? '')) index--;
  return text[index];
}
