import { LlmteamError } from '@llmteam/contracts';

export interface ServerVersion {
  readonly text: string;
  /** Several messages stored together, all or none (2.12). */
  readonly hasAtomicBatches: boolean;
}

/** Older ones lose streams on a plain crash (2.10.20 to 2.10.22), or cannot sync every write (before 2.10). */
const oldestVersion = '2.10.23';

export function serverVersion(text: string): ServerVersion {
  return { text, hasAtomicBatches: isAtLeast(text, '2.12.0') };
}

/** @throws LlmteamError `BACKEND_UNSUITABLE` */
export function checkVersion({ text }: ServerVersion): void {
  if (isAtLeast(text, oldestVersion)) return;
  const reason = 'older ones lose streams on a crash';
  throw new LlmteamError('BACKEND_UNSUITABLE', `the NATS server is ${text}; ${oldestVersion} is needed, ${reason}`);
}

function isAtLeast(version: string, least: string): boolean {
  const [one, other] = [parts(version), parts(least)];
  for (let place = 0; place < other.length; place++) {
    const difference = (one[place] ?? 0) - (other[place] ?? 0);
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
