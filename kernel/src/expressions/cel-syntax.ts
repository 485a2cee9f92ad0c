/**
 * Purpose: parses CEL text to a syntax tree with the library `@marcbachmann/cel-js`.
 * Owns: how the library is used, and the workaround for its lexer.
 * Does not own: evaluation. The library's evaluator does not limit work, runs `matches` on JavaScript's RegExp, cannot
 * read data with a key `constructor`, drops such keys from map literals, uses the machine's time zone for the hour of a
 * date and keeps a comprehension's last values alive; its type checker caches every type for the life of the process.
 */

import { caps } from '@llmteam/contracts';
import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { invalid } from './problem.js';
import { endOfSkipped } from './scan.js';
import { mistakeIn, proseHint } from './typical-mistakes.js';

export type { ASTNode };

const listLiteralElements = 200;

/** Parses CEL text. @throws ExpressionProblem */
export type Parse = (source: string) => ASTNode;

export function createParser(): Parse {
  const limits = { maxListElements: listLiteralElements, maxMapEntries: listLiteralElements };
  const environment = new Environment({ unlistedVariablesAreDyn: true, limits });
  return (source) => {
    if (source.length > caps.expression_characters) {
      const reason = `longer than ${caps.expression_characters} characters (cap expression_characters)`;
      throw invalid(reason, caps.expression_characters);
    }
    try {
      return environment.parse(withLoopRenamed(source)).ast;
    } catch (thrown) {
      throw problemOf(thrown, source);
    }
  };
}

function problemOf(thrown: unknown, source: string) {
  if (source.trim() === '') return invalid('it is empty', 0);
  if (!(thrown instanceof ParseError)) return invalid('cannot be parsed: it nests too deeply', 0);
  const position = Math.min(thrown.range?.start ?? 0, source.length);
  const [, limit] = /^Exceeded (\w+)/.exec(thrown.summary) ?? [];
  if (limit !== undefined) return invalid(limitReasons[limit] ?? thrown.summary, position);
  const mistake = mistakeIn(source);
  if (mistake !== undefined) return invalid(mistake.reason, mistake.position);
  return invalid(readable(thrown.summary) + proseHint(source), position);
}

const limitReasons: Readonly<Record<string, string>> = {
  maxListElements: `a list literal has more than ${listLiteralElements} elements`,
  maxMapEntries: `a map literal has more than ${listLiteralElements} entries`,
  maxCallArguments: 'a call has more than 32 arguments',
  maxDepth: `nests deeper than ${caps.expression_nesting} levels (cap expression_nesting)`,
};

const tokenTexts: Readonly<Record<string, string>> = {
  EOF: 'the end',
  IDENTIFIER: 'a name',
  LPAREN: "'('",
  RPAREN: "')'",
  LBRACKET: "'['",
  RBRACKET: "']'",
  LBRACE: "'{'",
  RBRACE: "'}'",
  DOT: "'.'",
  COMMA: "','",
  COLON: "':'",
  QUESTION: "'?'",
  NUMBER: 'a number',
  STRING: 'a string',
};

/** The library's message with token names spelled out. */
function readable(summary: string): string {
  const text = summary
    .replaceAll(loopSubstitute, 'loop')
    .replaceAll(/\b[A-Z]{3,}\b/g, (token) => tokenTexts[token] ?? token);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** CEL reserves the word `loop`; the lexer gets a substitute of the same length, so that positions do not shift. */
const loopSubstitute = 'lo0p';

function withLoopRenamed(source: string): string {
  if (!source.includes('loop')) return source;
  const pieces: string[] = [];
  const words = /\w+/y;
  let copied = 0;
  let previous = '';
  for (let index = 0; index < source.length; ) {
    words.lastIndex = index;
    const word = words.exec(source)?.[0] ?? '';
    if (word === 'loop' && previous !== '.') {
      pieces.push(source.slice(copied, index), loopSubstitute);
      copied = index + word.length;
    }
    const skipped = endOfSkipped(source, index);
    const next = Math.max(skipped, index + Math.max(1, word.length));
    if (skipped === index && !/\s/.test(source.charAt(index))) previous = source.charAt(next - 1);
    index = next;
  }
  return pieces.join('') + source.slice(copied);
}
