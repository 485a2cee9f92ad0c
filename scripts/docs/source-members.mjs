/**
 * Purpose: extracts doc comments from the source of the contracts with the TypeScript compiler, so that pages list exactly the
 * members that exist.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './workbench.mjs';

/**
 * The doc comment and the members of an interface, in source order.
 * @returns {{ name: string, about: string, members: { signature: string, about: string }[] }}
 */
export function describeType(path, name) {
  const source = parse(path);
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name);
  if (found === undefined) throw new Error(`${path} declares no '${name}'`);
  const about = withThrows(aboutOf(found), throwsOf(found));
  return { name, about, members: found.members.map((member) => describeMember(member, source)) };
}

/** All interfaces of a file: a port and its parameter and result types. */
export function interfacesOf(path) {
  const found = parse(path).statements.filter(ts.isInterfaceDeclaration);
  return found.map(({ name }) => describeType(path, name.text));
}

function parse(path) {
  const text = readFileSync(join(root, path), 'utf8');
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function describeMember(member, source) {
  const name = member.name.getText(source);
  const optional = member.questionToken === undefined ? '' : '?';
  const of = oneLine(
    ts.isMethodSignature(member)
      ? source.text.slice(member.name.end, member.end)
      : `${optional}: ${member.type.getText(source)}`,
  );
  return { signature: `${name}${of.replace(/;$/, '')}`, about: withThrows(aboutOf(member), throwsOf(member)) };
}

function withThrows(about, throws) {
  return [about, throws === '' ? '' : `Throws ${throws}.`].filter((part) => part !== '').join(' ');
}

function oneLine(text) {
  const line = text.replaceAll(/\s+/g, ' ').trim().replaceAll('readonly ', '');
  return line.replaceAll('( ', '(').replaceAll(/,? \)/g, ')');
}

function aboutOf(node) {
  const comments = ts.getJSDocCommentsAndTags(node).filter((part) => ts.isJSDoc(part));
  return comments
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join('\n')
    .trim();
}

function throwsOf(node) {
  const tags = ts.getJSDocTags(node).filter(ts.isJSDocThrowsTag);
  return tags
    .map(({ comment, typeExpression }) => wordsOf(typeExpression, ts.getTextOfJSDocComment(comment)))
    .join('; ');
}

/** Drops `LlmteamError`, the default: only the codes are informative. */
function wordsOf(type, comment = '') {
  return `${type?.getText() ?? ''} ${comment}`
    .replace(/^\s*LlmteamError\s*/, '')
    .trim()
    .replace(/\.$/, '');
}
