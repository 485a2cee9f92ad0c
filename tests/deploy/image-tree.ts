/** Purpose: the files of the image as the Dockerfile makes them, for containers that are plain processes. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

/** `folder` has a copy of the image's `/llmteam`, which nobody can write. */
export async function withImageTree(use: (folder: string) => Promise<void>): Promise<void> {
  const outside = mkdtempSync(join(tmpdir(), 'llmteam-image-'));
  const folder = join(outside, 'llmteam');
  try {
    execFileSync(process.execPath, [join(root, 'scripts/image-tree.mjs'), folder]);
    if (!isBuiltin('node:sqlite')) linkSqlite(outside);
    chmodSync(outside, 0o755);
    setFolderModes(folder, 0o555);
    await use(folder);
  } finally {
    if (existsSync(folder)) setFolderModes(folder, 0o755);
    rmSync(outside, { recursive: true, force: true });
  }
}

/** The Node.js of the image has SQLite; where the tests run with an older one, it is beside the tree. */
function linkSqlite(outside: string): void {
  mkdirSync(join(outside, 'node_modules'));
  symlinkSync(join(root, 'node_modules/libsql'), join(outside, 'node_modules/libsql'));
}

function setFolderModes(folder: string, mode: number): void {
  chmodSync(folder, mode);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) setFolderModes(join(folder, entry.name), mode);
  }
}

/** All files, as paths relative to the folder. */
export function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
