/**
 * Purpose: the files of a new plugin, from `templates/plugin`: files that compile and pass their tests, in which only names are replaced.
 * Nothing here writes to the file system.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LlmteamError } from '@llmteam/contracts';
import { ownVersion } from './own-version.js';

export type PluginKind = 'task' | 'control' | 'provider';

export interface NewPlugin {
  /** Of the package, with its scope. */
  readonly name: string;
  readonly kind: PluginKind;
  readonly license: 'Apache-2.0' | 'UNLICENSED';
}

export interface TemplateFile {
  readonly name: string;
  readonly text: string;
}

const packageName = /^(?:@[a-z0-9][a-z0-9._-]*\/)?([a-z][a-z0-9-]*)$/;

/** `@acme/llmteam-wordcount` → `llmteam-wordcount`. @throws LlmteamError `USAGE` */
export function bareName(name: string): string {
  const [, bare] = packageName.exec(name) ?? [];
  if (bare !== undefined && name.length <= 214 && pluginName(bare).length <= 64 && /^[a-z]/.test(pluginName(bare)))
    return bare;
  const expected = "lower case letters, digits and '-', as in 'wordcount' or '@acme/llmteam-wordcount'";
  throw new LlmteamError('USAGE', `'${name}' cannot be the name of a package; expected ${expected}`);
}

/** The name in the manifest. */
export function pluginName(bare: string): string {
  return bare.replace(/^llmteam-(?:plugin-)?(?=[a-z])/, '').replace(/-+$/, '');
}

/** The type id of its step type. */
export function typeId(bare: string): string {
  return pluginName(bare).replaceAll('-', '_');
}

/** @throws LlmteamError `USAGE` if the name cannot be that of a package */
export function pluginFiles({ name, kind, license }: NewPlugin): TemplateFile[] {
  const bare = bareName(name);
  const names: readonly (readonly [string, string])[] = [
    ['llmteam-plugin-template', name],
    ['plugin-template', pluginName(bare)],
    ['template_type', typeId(bare)],
    ['0.0.0-llmteam', ownVersion()],
    ['"license": "Apache-2.0"', `"license": "${license}"`],
    ['"kind": "task"', `"kind": "${kind}"`],
  ];
  const folders = ['shared', kind, license.toLowerCase()].map((folder) => join(templates(), folder));
  return folders.flatMap(filesIn).map((file) => ({
    // npm publishes no file called .gitignore.
    name: file.name === 'gitignore' ? '.gitignore' : file.name,
    text: names.reduce((text, [from, to]) => text.replaceAll(from, to), file.text),
  }));
}

function filesIn(folder: string): TemplateFile[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return { name: path.slice(folder.length + 1), text: readFileSync(path, 'utf8') };
  });
}

/** In the enclosing package, bundled or not. */
function templates(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'templates/plugin');
    if (existsSync(path)) return path;
  }
  throw new LlmteamError('FILE_UNREADABLE', "this installation lacks the folder 'templates'");
}
