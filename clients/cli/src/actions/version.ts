import { type ExitCode, exitCodes } from '../exit-codes.js';
import { ownVersion } from '../own-version.js';
import type { Settings } from '../settings.js';

export async function version(
  { streams }: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const llmteam = ownVersion();
  const { version: node, platform, arch } = process;
  const versions = { llmteam, node, platform: `${platform}-${arch}` };
  streams.print(json === true ? `${JSON.stringify(versions, null, 2)}\n` : `llmteam ${llmteam}\n`);
  return exitCodes.completed;
}
