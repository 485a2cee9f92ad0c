/**
 * Purpose: builds a kustomization without `kustomize`: only what ours use, and anything else is refused. `kubectl kustomize` makes the same
 * of them.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

interface Kustomization {
  readonly namespace?: string;
  readonly resources: readonly string[];
  readonly images?: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
  readonly patches?: readonly {
    readonly target: { readonly kind: string; readonly name: string };
    readonly patch: string;
  }[];
}

const known = ['apiVersion', 'kind', 'namespace', 'resources', 'images', 'patches'];
const clusterWide = ['Namespace'];

export function buildKustomization(folder: string): Manifest[] {
  const kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
  const unknown = Object.keys(kustomization).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`${folder}: this builder does not know ${unknown.join(', ')}`);
  const { namespace, resources, images = [], patches = [] } = kustomization;
  const manifests = resources.flatMap((path) => readResource(join(folder, path)));
  for (const { target, patch } of patches) {
    const found = manifests.find(({ kind, metadata }) => kind === target.kind && metadata.name === target.name);
    if (found === undefined) throw new Error(`${folder}: there is no ${target.kind} ${target.name} to patch`);
    for (const { op, path } of parse(patch) as { op: string; path: string }[]) remove(found, op, path);
  }
  for (const manifest of manifests) {
    if (namespace !== undefined && !clusterWide.includes(manifest.kind))
      Object.assign(manifest.metadata, { namespace });
    for (const container of containersOf(manifest)) {
      const image = images.find(({ name }) => name === container.image);
      if (image !== undefined) container.image = `${image.newName}:${image.newTag}`;
    }
  }
  return manifests;
}

function readResource(path: string): Manifest[] {
  if (statSync(path).isDirectory()) return buildKustomization(path);
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    if (document.errors[0] !== undefined) throw new Error(`${path}: ${document.errors[0].message}`);
    return document.toJS() as Manifest;
  });
}

/** An operation of JSON Patch (RFC 6902). */
function remove(manifest: Manifest, op: string, path: string): void {
  if (op !== 'remove') throw new Error(`this builder does not know the operation ${op}`);
  const keys = path.slice(1).split('/');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], manifest);
  if (typeof parent !== 'object' || parent === null || !(last in parent))
    throw new Error(`there is no ${path} to remove`);
  delete (parent as Record<string, unknown>)[last];
}

export interface Container {
  image: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly securityContext: object;
  readonly livenessProbe: { readonly httpGet: { readonly path: string } };
  readonly readinessProbe: { readonly httpGet: { readonly path: string } };
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly terminationGracePeriodSeconds: number;
  readonly enableServiceLinks: boolean;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: object;
}

export function podOf(manifest: Manifest): PodSpec | undefined {
  return (manifest.spec as { template?: { spec: PodSpec } } | undefined)?.template?.spec;
}

function containersOf(manifest: Manifest): readonly Container[] {
  return podOf(manifest)?.containers ?? [];
}
