import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../examples/llmteam-process.js';

/** What is installed in this checkout, in a folder: a link to each package, as package managers make them. */
export function linkModules(folder: string): void {
  linkEntries(join(root, 'node_modules'), join(folder, 'node_modules'));
}

function linkEntries(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name.startsWith('@')) linkEntries(join(from, name), join(to, name));
    else symlinkSync(join(from, name), join(to, name));
  }
}
