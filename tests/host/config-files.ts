import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { is_llmteam_error, type LlmteamError } from '@llmteam/contracts';
import { config_file_name } from '@llmteam/service-host';

/** A configuration file in a folder of its own. */
export function with_config_file(content: unknown, use: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-config-'));
  const path = join(folder, config_file_name);
  try {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function refusal_of(load: () => unknown): LlmteamError {
  try {
    load();
  } catch (thrown) {
    if (is_llmteam_error(thrown)) return thrown;
    throw thrown;
  }
  throw new Error('it was not refused');
}
