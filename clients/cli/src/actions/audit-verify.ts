import { verifyAudit } from '@llmteam/dev';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { type WhichKvStore, withKvStoreOf } from '../kv-stores.js';
import type { Settings } from '../settings.js';

export async function auditVerify(
  settings: Settings,
  _args: readonly string[],
  { tenant, json, ...which }: WhichKvStore & { tenant: string; json?: boolean },
): Promise<ExitCode> {
  const verdict = await withKvStoreOf(settings, which, (kv) => verifyAudit(kv, tenant));
  const { intact, records, pages, fault } = verdict;
  const text = intact ? `intact: ${records} records on ${pages} pages` : `not intact: ${fault}`;
  settings.streams.print(json === true ? `${JSON.stringify(verdict, null, 2)}\n` : `${text}\n`);
  return intact ? exitCodes.completed : exitCodes.failed;
}
