import type { ValueCheck } from '../value-check.js';
import { problem, quoted } from '../wording.js';

/** `{{ name }}` of Jinja, Mustache and Handlebars. */
const foreign = /\{\{\s*([A-Za-z_][\w.]*)\s*\}\}/;
/** The same where `{name}` is filled in: `{{{name}}}` is that within braces. */
const foreignInText = /(?<!\{)\{\{\s*([A-Za-z_][\w.]*)\s*\}\}(?!\})/;

/** Warns about `{{name}}`, which stays as it is: in texts with `{name}` it is the escape for `{name}`, elsewhere plain text. */
export const foreignTemplates: ValueCheck = function* ({ value, pointer, path, schema }, step) {
  if (typeof value !== 'string' || schema.isLiteral || schema.cel !== undefined) return;
  const [found, name = ''] = (schema.isTemplate ? foreignInText : foreign).exec(value) ?? [];
  if (found === undefined) return;
  const meant =
    schema.isTemplate && !name.includes('.') ? `{${name}}` : `\${${name.includes('.') ? name : `input.${name}`}}`;
  const message = `${step.subject}, config: ${quoted(path.join('.'))} holds ${quoted(found)}, which is not filled in; write ${meant}`;
  yield problem('warning', 'FOREIGN_TEMPLATE', pointer, message, meant);
};
