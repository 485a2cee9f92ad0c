import { LlmteamError } from '@llmteam/contracts';

export interface ServerVersion {
  readonly text: string;
  /** Several messages stored together, all or none (2.12). */
  readonly has_atomic_batches: boolean;
}

/** Older ones lose streams on a plain crash (2.10.20 to 2.10.22), or cannot sync every write (before 2.10). */
const oldest_version = '2.10.23';

export function server_version(text: string): ServerVersion {
  return { text, has_atomic_batches: is_at_least(text, '2.12.0') };
}

/** @throws LlmteamError `BACKEND_UNSUITABLE` */
export function check_version({ text }: ServerVersion): void {
  if (is_at_least(text, oldest_version)) return;
  const reason = 'older ones lose streams on a crash';
  throw new LlmteamError('BACKEND_UNSUITABLE', `the NATS server is ${text}; ${oldest_version} is needed, ${reason}`);
}

function is_at_least(version: string, least: string): boolean {
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
