/**
 * Whether a command about a NATS installation has one to talk about. Without configuration a server may still be at the default address;
 * if none is, the commands of this folder only use the stores in its data folder.
 */
import { isLlmteamError } from '@llmteam/contracts';
import type { Config } from '@llmteam/service-host';

export interface ExpectNats {
  /** `--nats` */
  readonly nats?: boolean;
}

/** `config` without the defaults of absent sections. */
export function isWithoutNats(error: unknown, { file }: Config, { nats = false }: ExpectNats): boolean {
  if (nats || !isLlmteamError(error) || error.code !== 'BACKEND_UNREACHABLE') return false;
  const { nats: section, backend, coordinator, worker } = file;
  return [section, backend, coordinator, worker].every((one) => one === undefined);
}
