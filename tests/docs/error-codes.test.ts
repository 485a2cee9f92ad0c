import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes, problemCodes } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';
import { readDocument } from './markdown-file.js';

/** The source of every package, without the declarations of the codes. */
function source(...folders: readonly string[]): string {
  const texts: string[] = [];
  for (const folder of folders) {
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const isSource =
        path.endsWith('.ts') && !path.endsWith('.d.ts') && !/(^|[\\/])(node_modules|dist|bundle)[\\/]/.test(path);
      if (isSource) texts.push(raising(readFileSync(join(root, folder, path), 'utf8')));
    }
  }
  return texts.join('\n');
}

/** Comparisons with a code do not raise it. */
function raising(text: string): string {
  return withoutComments(text).replaceAll(/[!=]== '[A-Z_]+'/g, '');
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

/** The codes that do not occur as a string in the text. */
function unused(codes: readonly string[], text: string): string[] {
  return codes.filter((code) => !text.includes(`'${code}'`));
}

spec('error codes', (test) => {
  /** Of the contracts only what follows the table: the default codes of errors without one. */
  const fallbacks = readFileSync(join(root, 'contracts/src/errors.ts'), 'utf8').split('export type Code')[1] ?? '';
  const code = `${source('kernel/src', 'plugins', 'services', 'clients')}\n${fallbacks}`;

  test('every code of the error table is raised somewhere', () => {
    assert.equal(unused(Object.keys(errorCodes), code), []);
  });

  test('every code of problems is told by some rule', () => {
    assert.equal(unused(Object.keys(problemCodes), code), []);
  });

  test('a code that nothing raises is found', () => {
    const text = raising("// 'A'\nif (code === 'B') throw new LlmteamError('C', '');");
    assert.equal(unused(['A', 'B', 'C'], text), ['A', 'B']);
  });

  test('what is raised by code is in the table', () => {
    const raised = [...code.matchAll(/new LlmteamError\(\s*'([A-Z_]+)'/g)].map(([, name = '']) => name);
    assert.ok(raised.length > 50);
    assert.equal(
      [...new Set(raised)].filter((name) => !Object.hasOwn(errorCodes, name)),
      [],
    );
  });

  test('every code is described in docs/errors.md', () => {
    const page = readDocument('docs/errors.md');
    const codes = [...Object.keys(errorCodes), ...Object.keys(problemCodes)];
    assert.equal(
      codes.filter((name) => !page.includes(`| \`${name}\` |`)),
      [],
    );
  });

  test('the README of a plugin names no code that is not in the table', () => {
    for (const plugin of ['flow', 'http-action', 'llm-agent', 'transform']) {
      const rows = readDocument(`plugins/${plugin}/README.md`).matchAll(/^\| `([A-Z]+_[A-Z_]+)` \|/gm);
      for (const [, name = ''] of rows) assert.ok(Object.hasOwn(errorCodes, name), `${plugin}: ${name}`);
    }
  });
});
