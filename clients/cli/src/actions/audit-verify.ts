import { type AuditVerdict, auditSeals, verifyAudit } from '@llmteam/dev';
import { serviceConfig } from '@llmteam/service-host';
import { configHere } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { type WhichKvStore, withKvStoreOf } from '../kv-stores.js';
import { printNote } from '../notes.js';
import type { Settings } from '../settings.js';

interface Options extends WhichKvStore {
  readonly tenant: string;
  readonly expectHead?: string;
  readonly json?: boolean;
}

const whatIsRecorded =
  "Changes made through the API ('llmteam dev', 'llmteam serve gateway') are recorded; what commands do without it is not.";

export async function auditVerify(
  settings: Settings,
  _args: readonly string[],
  { tenant, expectHead, json, ...which }: Options,
): Promise<ExitCode> {
  const seals = auditSeals(serviceConfig(configHere(settings)));
  const expected = expectHead === undefined ? {} : { expectHead };
  const verdict = await withKvStoreOf(settings, which, (kv) => verifyAudit(kv, tenant, { seals, ...expected }));
  settings.streams.print(json === true ? `${JSON.stringify(verdict, null, 2)}\n` : `${textOf(verdict)}\n`);
  if (verdict.intact && verdict.pages === 0 && json !== true) {
    printNote(settings, `There was nothing to verify: tenant '${tenant}' has no records. ${whatIsRecorded}`);
  }
  return verdict.intact ? exitCodes.completed : exitCodes.failed;
}

function textOf({ intact, records, pages, keyed_pages, head, fault }: AuditVerdict): string {
  const keyed = keyed_pages === 0 ? '' : `, ${keyed_pages} of them keyed`;
  if (!intact) return `not intact: ${fault}`;
  return `intact: ${records} records on ${pages} pages${keyed}${head === null ? '' : `\nhead: ${head}`}`;
}
