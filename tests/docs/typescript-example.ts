/** Compiles the TypeScript of documents as a reader would, against the packages of this checkout. */
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../examples/llmteam-process.js';

const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
};

/**
 * Returns what the compiler says, nothing if the text is right.
 * The file exists only in memory; it is in `tests/`, whose dependencies are all packages of the workspace.
 */
export function faultsOf(text: string): string[] {
  const path = join(root, 'tests/example.mts');
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === path || fileExists.call(host, name);
  host.readFile = (name) => (name === path ? text : readFile.call(host, name));
  host.getSourceFile = (name, language, ...rest) =>
    name === path ? ts.createSourceFile(name, text, language) : getSourceFile.call(host, name, language, ...rest);
  const faults = ts.getPreEmitDiagnostics(ts.createProgram([path], options, host));
  return faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

export function javaScriptOf(text: string): string {
  return ts.transpileModule(text, { compilerOptions: options, fileName: 'example.mts' }).outputText;
}
