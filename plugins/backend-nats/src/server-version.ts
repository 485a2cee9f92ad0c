import { LlmteamError } from '@llmteam/contracts';

export interface ServerVersion {
  readonly text: string;
  /** Whether several messages can be stored atomically (2.12). */
  readonly hasAtomicBatches: boolean;
}

/** Older versions lose streams in a crash (2.10.20 to 2.10.22) or cannot sync every write (before 2.10). */
const oldestVersion = '2.10.23';

export function serverVersion(text: string): ServerVersion {
  return { text, hasAtomicBatches: isAtLeast(text, '2.12.0') };
}

/** @throws LlmteamError `BACKEND_UNSUITABLE` */
export function checkVersion({ text }: ServerVersion): void {
  if (isAtLeast(text, oldestVersion)) return;
  const reason = 'older versions lose streams in a crash';
  throw new LlmteamError(
    'BACKEND_UNSUITABLE',
    `the NATS server has version ${text}; ${oldestVersion} or newer is needed because ${reason}`,
  );
}

function isAtLeast(version: string, least: string): boolean {
  const [actual, required] = [parts(version), parts(least)];
  for (let index = 0; index < required.length; index++) {
    const difference = (actual[index] ?? 0) - (required[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function parts(version: string): number[] {
  return version
    .replace(/^v/, '')
    .split(/[-+]/, 1)
    .flatMap((numbers) => numbers.split('.').map(Number));
}
