import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';
import { systemReason } from '@llmteam/service-host';

/** The length of Unix socket paths is limited to slightly more than this on every system. */
const longestPath = 100;

/** Where the owner of a store listens: in the store's folder or, if that path is too long, in a private temporary folder. */
export function ownerAddress(folder: string): string {
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\llmteam-${digest}`;
  const beside = join(folder, 'owner.sock');
  if (Buffer.byteLength(beside) <= longestPath) return beside;
  const shared = join(tmpdir(), `llmteam-${userInfo().uid}`);
  try {
    mkdirSync(shared, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new LlmteamError('FILE_UNREADABLE', `cannot use the folder '${shared}': ${systemReason(cause)}`, { cause });
  }
  return join(shared, `${digest}.sock`);
}
