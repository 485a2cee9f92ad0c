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

/** What programs import, parsed once per process: that takes longer than to check an example. Nothing that is imported changes meanwhile. */
const imported = new Map<string, ts.SourceFile | undefined>();

/** Returns what the compiler says, nothing if the text is right. */
export function faultsOf(text: string): string[] {
  return faultsOfEach({ example: text }).example ?? [];
}

/**
 * What the compiler says of each text; compiling them together takes hardly longer than one of them.
 * The files exist only in memory; they are in `tests/`, whose dependencies are all packages of the workspace.
 */
export function faultsOfEach<Name extends string>(texts: Readonly<Record<Name, string>>): Record<Name, string[]> {
  const names = Object.keys(texts) as Name[];
  const files = new Map(names.map((name, place) => [join(root, `tests/example-${place}.mts`), texts[name]]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists.call(host, path);
  host.readFile = (path) => files.get(path) ?? readFile.call(host, path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = files.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, language);
    if (!imported.has(path)) imported.set(path, getSourceFile.call(host, path, language, ...rest));
    return imported.get(path);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const faults = [...files.keys()].map((path, place) => {
    const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(path));
    return [names[place], found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))];
  });
  return Object.fromEntries(faults) as Record<Name, string[]>;
}

export function javaScriptOf(text: string): string {
  return ts.transpileModule(text, { compilerOptions: options, fileName: 'example.mts' }).outputText;
}
