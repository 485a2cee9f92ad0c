/** Writes files that must not exist yet, all or none of them as far as can be known before. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';
import { systemReason } from '@llmteam/service-host';

export interface NewFile {
  readonly name: string;
  readonly text: string;
}

/** Checked before anything is asked or written. @throws LlmteamError `USAGE` naming the files that exist */
export function refuseOverwriting(folder: string, files: readonly NewFile[]): void {
  const existing = files.map(({ name }) => join(folder, name)).filter((path) => existsSync(path));
  if (existing.length === 0) return;
  const message = `${existing.map((path) => `'${path}'`).join(', ')} would be overwritten; choose another folder`;
  throw new LlmteamError('USAGE', `nothing was written: ${message}`);
}

/** `wx`: a file that has appeared meanwhile is kept. @throws LlmteamError `FILE_UNREADABLE` */
export function writeAll(folder: string, files: readonly NewFile[]): void {
  let path = folder;
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of files) {
      path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { flag: 'wx' });
    }
  } catch (cause) {
    throw new LlmteamError('FILE_UNREADABLE', `cannot write '${path}': ${systemReason(cause)}`, { cause });
  }
}
