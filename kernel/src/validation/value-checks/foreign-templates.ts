import type { Problem } from '@llmteam/contracts';
import type { ConfigPlace } from '../config-places.js';
import type { DraftStep } from '../draft.js';
import type { ValueCheck } from '../value-check.js';
import { problem, quoted } from '../wording.js';

/** `{{ name }}` of Jinja, Mustache and Handlebars. */
const foreign = /\{\{\s*([A-Za-z_][\w.]*)\s*\}\}/;
/** The same where `{name}` is filled in: `{{{name}}}` is that within braces. */
const foreignInText = /(?<!\{)\{\{\s*([A-Za-z_][\w.]*)\s*\}\}(?!\})/;
/** `{user.name}` and `{items[0]}`: `{name}` takes one name. */
const pathInText = /(?<![{$])\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])+)\s*\}/;

/**
 * Warns about `{{name}}`, which stays as it is: in texts with `{name}` it is the escape for `{name}`, elsewhere plain text. And about a
 * path in single braces, where `{name}` is filled in.
 */
export const foreignTemplates: ValueCheck = function* (place, step) {
  const { value, schema } = place;
  if (typeof value !== 'string' || schema.isLiteral || schema.cel !== undefined) return;
  const [found, name = ''] = (schema.isTemplate ? foreignInText : foreign).exec(value) ?? [];
  const isOneName = schema.isTemplate && !name.includes('.');
  if (found !== undefined) yield unfilled(place, step, found, isOneName ? `{${name}}` : expressionFor(name));
  const [wrong, path = ''] = schema.isTemplate ? (pathInText.exec(value) ?? []) : [];
  if (wrong !== undefined) yield unfilled(place, step, wrong, expressionFor(path));
};

function unfilled({ pointer, path }: ConfigPlace, step: DraftStep, found: string, meant: string): Problem {
  const what = `${quoted(path.join('.'))} holds ${quoted(found)}, which is not filled in`;
  return problem('warning', 'FOREIGN_TEMPLATE', pointer, `${step.subject}, config: ${what}; write ${meant}`, meant);
}

const variables: readonly string[] = ['input', 'loop', 'ports', 'run', 'steps'];

/** A path that begins with no variable is one into the input. */
function expressionFor(path: string): string {
  const [first = ''] = path.split(/[.[]/);
  return `\${${variables.includes(first) ? path : `input.${path}`}}`;
}
