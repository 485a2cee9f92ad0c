/** Purpose: checks manifests strictly against the types that are generated from the OpenAPI document of Kubernetes and the CRDs of KEDA. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './image-tree.js';
import type { Manifest } from './kustomization.js';

/** Where the type of a kind is. */
const modules: Readonly<Record<string, string>> = {
  v1: 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'keda.sh/v1alpha1': '@kubernetes-models/keda/keda.sh/v1alpha1',
};

/** What is wrong with them: unknown, missing and mistyped fields. A literal may have no field that its type does not know. */
export function typeFaults(manifests: readonly Manifest[]): string[] {
  const folder = mkdtempSync(join(root, 'node_modules/.cache-manifests-'));
  const file = join(folder, 'manifests.ts');
  try {
    writeFileSync(file, manifests.map(declarationOf).join('\n'));
    const options: ts.CompilerOptions = {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
    };
    const program = ts.createProgram([file], options);
    return ts.getPreEmitDiagnostics(program).map(({ messageText, start = 0 }) => {
      const line = program.getSourceFile(file)?.getLineAndCharacterOfPosition(start).line ?? 0;
      const { kind, metadata } = manifests[Math.floor(line / 2)] ?? { kind: '?', metadata: { name: '?' } };
      return `${kind} ${metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two lines. */
function declarationOf(manifest: Manifest, number: number): string {
  const module = modules[manifest.apiVersion];
  if (module === undefined) throw new Error(`no types are known for ${manifest.apiVersion}`);
  const type = `Type${number}`;
  return [
    `import type { I${manifest.kind} as ${type} } from '${module}';`,
    `export const manifest${number}: ${type} = ${JSON.stringify(manifest)};`,
  ].join('\n');
}

interface Model {
  validate(): void;
}

/** What is wrong with it by its JSON Schema; null: nothing. */
export async function schemaFault(manifest: Manifest): Promise<string | null> {
  const module = (await import(modules[manifest.apiVersion] ?? '')) as Record<string, new (data: Manifest) => Model>;
  const Kind = module[manifest.kind];
  if (Kind === undefined) throw new Error(`${manifest.apiVersion} has no ${manifest.kind}`);
  try {
    new Kind(manifest).validate();
    return null;
  } catch (error) {
    return `${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`;
  }
}
