import { LlmteamError } from '@llmteam/contracts';

/** Pages of other origins must be listed; clients that are not browsers send no origin. @throws LlmteamError `FORBIDDEN` */
export function checkOrigin(origin: string | undefined, origins: readonly string[]): void {
  if (origin === undefined || origins.includes(origin)) return;
  throw new LlmteamError('FORBIDDEN', 'the origin of the page is not listed');
}
