import { join } from 'node:path';
import ts from 'typescript';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';
import { blocksOf, readDocument } from './markdown-file.js';

const timeoutMs = 120_000;

/** Compiles a text as a plugin author would; returns the compiler's output. */
function compile(text: string): string[] {
  const path = join(root, 'docs/example.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === path || fileExists.call(host, name);
  host.readFile = (name) => (name === path ? text : readFile.call(host, name));
  host.getSourceFile = (name, language, ...rest) =>
    name === path ? ts.createSourceFile(name, text, language) : getSourceFile.call(host, name, language, ...rest);
  const faults = ts.getPreEmitDiagnostics(ts.createProgram([path], options, host));
  return faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

function example(): string {
  const [block] = blocksOf(readDocument('docs/contracts/runtime-context.md')).filter(
    ({ language }) => language === 'ts',
  );
  return block?.text ?? '';
}

spec('the handler in docs/contracts/runtime-context.md', (test) => {
  test('compiles', () => assert.equal(compile(example()), []), { timeoutMs });

  test(
    'does not compile with a member that the context has not got',
    () => {
      const wrong = example().replace('context.memo(', 'context.remember(');
      assert.match(compile(wrong).join('\n'), "Property 'remember' does not exist");
    },
    { timeoutMs },
  );
});
