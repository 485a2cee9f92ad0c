import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import type { Settings } from '../settings.js';

export async function version(
  { streams }: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const llmteam = own_version();
  const { version: node, platform, arch } = process;
  const told = { llmteam, node, platform: `${platform}-${arch}` };
  streams.print(json === true ? `${JSON.stringify(told, null, 2)}\n` : `llmteam ${llmteam}\n`);
  return exit_codes.completed;
}

/** Of the package this file belongs to, bundled or not. */
function own_version(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) return String(JSON.parse(readFileSync(path, 'utf8')).version);
  }
  return 'unknown';
}
