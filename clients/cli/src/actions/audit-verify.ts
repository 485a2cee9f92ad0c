import { verifyAudit } from '@llmteam/dev';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { type WhichRegistry, withRegistryOf } from '../registries.js';
import type { Settings } from '../settings.js';

export async function auditVerify(
  settings: Settings,
  _args: readonly string[],
  { tenant, json, ...which }: WhichRegistry & { tenant: string; json?: boolean },
): Promise<ExitCode> {
  const verdict = await withRegistryOf(settings, which, (registry) => verifyAudit(registry, tenant));
  const { intact, records, pages, fault } = verdict;
  const words = intact ? `intact: ${records} records on ${pages} pages` : `not intact: ${fault}`;
  settings.streams.print(json === true ? `${JSON.stringify(verdict, null, 2)}\n` : `${words}\n`);
  return intact ? exitCodes.completed : exitCodes.failed;
}
