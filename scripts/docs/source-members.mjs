/**
 * Purpose: what the doc comments of the contracts say, read from their source with the TypeScript compiler.
 * So a page cannot tell of a member that is not there, or forget one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './workbench.mjs';

/**
 * The interface of a name in a source file: its doc comment and its members in order.
 * @returns {{ name: string, about: string, members: { signature: string, about: string }[] }}
 */
export function describe_type(path, name) {
  const source = parse(path);
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name);
  if (found === undefined) throw new Error(`${path} declares no '${name}'`);
  const about = with_throws(about_of(found), throws_of(found));
  return { name, about, members: found.members.map((member) => describe_member(member, source)) };
}

/** Every interface of a file: a port, and what it takes and gives. */
export function interfaces_of(path) {
  const found = parse(path).statements.filter(ts.isInterfaceDeclaration);
  return found.map(({ name }) => describe_type(path, name.text));
}

function parse(path) {
  const text = readFileSync(join(root, path), 'utf8');
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function describe_member(member, source) {
  const name = member.name.getText(source);
  const optional = member.questionToken === undefined ? '' : '?';
  const of = one_line(
    ts.isMethodSignature(member)
      ? source.text.slice(member.name.end, member.end)
      : `${optional}: ${member.type.getText(source)}`,
  );
  return { signature: `${name}${of.replace(/;$/, '')}`, about: with_throws(about_of(member), throws_of(member)) };
}

function with_throws(about, throws) {
  return [about, throws === '' ? '' : `Throws ${throws}.`].filter((part) => part !== '').join(' ');
}

function one_line(text) {
  const line = text.replaceAll(/\s+/g, ' ').trim().replaceAll('readonly ', '');
  return line.replaceAll('( ', '(').replaceAll(/,? \)/g, ')');
}

function about_of(node) {
  const comments = ts.getJSDocCommentsAndTags(node).filter((part) => ts.isJSDoc(part));
  return comments
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join('\n')
    .trim();
}

function throws_of(node) {
  const tags = ts.getJSDocTags(node).filter(ts.isJSDocThrowsTag);
  return tags
    .map(({ comment, typeExpression }) => words_of(typeExpression, ts.getTextOfJSDocComment(comment)))
    .join('; ');
}

/** `LlmteamError` is what is thrown unless it says otherwise: only the codes tell something. */
function words_of(type, comment = '') {
  return `${type?.getText() ?? ''} ${comment}`
    .replace(/^\s*LlmteamError\s*/, '')
    .trim()
    .replace(/\.$/, '');
}
