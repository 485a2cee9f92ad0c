/**
 * The order in which the compiler writes the parts of a type that it infers depends on what it has compiled before. In a report, names of
 * literal unions and members of type literals stand in the order of their text.
 */
import ts from 'typescript';

/** The code blocks of a report in a stable order. */
export function stableOrder(report) {
  return report.replace(/(```ts\n)([\s\S]*?)(\n```)/g, (_, begin, code, end) => begin + ordered(code) + end);
}

function ordered(code) {
  const file = ts.createSourceFile('report.ts', code, ts.ScriptTarget.Latest, true);
  return textOf(file, code);
}

/** The text of a node, its parts in order. What is between them stays where it is. */
function textOf(node, code, from = node.getFullStart()) {
  const parts = [];
  ts.forEachChild(node, (child) => void parts.push(child));
  const texts = parts.map((part) => textOf(part, code));
  const sorted = isSortable(node) ? inOrder(texts) : texts;
  let at = from;
  let text = '';
  for (const [index, part] of parts.entries()) {
    text += code.slice(at, part.getFullStart()) + sorted[index];
    at = part.end;
  }
  return text + code.slice(at, node.end);
}

function isSortable(node) {
  if (ts.isTypeLiteralNode(node)) return true;
  return ts.isUnionTypeNode(node) && node.types.every((type) => ts.isLiteralTypeNode(type));
}

/** White space belongs to a place, not to what stands there. */
function inOrder(texts) {
  const bodies = texts.map((text) => text.trimStart()).sort();
  return texts.map((text, place) => text.slice(0, text.length - text.trimStart().length) + bodies[place]);
}
