import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLlmteamError, type LlmteamError } from '@llmteam/contracts';
import { configFileName } from '@llmteam/service-host';

/** A configuration file in a temporary folder. */
export function withConfigFile(content: unknown, use: (path: string) => void): void {
  const { path, remove } = writeConfigFile(content);
  try {
    use(path);
  } finally {
    remove();
  }
}

/** The same for work that takes time. */
export async function withConfigFileDuring(content: unknown, use: (path: string) => Promise<void>): Promise<void> {
  const { path, remove } = writeConfigFile(content);
  try {
    await use(path);
  } finally {
    remove();
  }
}

function writeConfigFile(content: unknown): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-config-'));
  const path = join(folder, configFileName);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function refusalOf(load: () => unknown): LlmteamError {
  try {
    load();
  } catch (thrown) {
    if (isLlmteamError(thrown)) return thrown;
    throw thrown;
  }
  throw new Error('it was not refused');
}
