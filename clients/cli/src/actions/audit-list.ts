import { type AuditEntry, AuditEntryPage } from '@llmteam/contracts';
import { auditEntries } from '@llmteam/dev';
import { makeColours } from '../colours.js';
import { shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { type WhichKvStore, withKvStoreOf } from '../kv-stores.js';
import { printNote } from '../notes.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

interface Options extends WhichKvStore {
  readonly tenant: string;
  readonly byKey?: string;
  readonly action?: string;
  readonly since?: number;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

export async function auditList(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  const { streams } = settings;
  const { records, cursor } = await read(settings, options);
  if (options.json === true) {
    streams.print(`${JSON.stringify({ records, cursor }, null, 2)}\n`);
    return exitCodes.completed;
  }
  if (records.length === 0) printNote(settings, 'No matching records.');
  else streams.print(asTable(records, settings));
  if (cursor !== null) printNote(settings, `More results: --cursor ${cursor}`);
  return exitCodes.completed;
}

async function read(settings: Settings, options: Options): Promise<AuditEntryPage> {
  const { tenant, byKey, action, since, limit, cursor } = options;
  const filter = {
    limit,
    ...(byKey !== undefined && { key: byKey }),
    ...(action !== undefined && { action }),
    ...(cursor !== undefined && { cursor }),
  };
  if (settings.gateway !== null) {
    const { GatewayStores } = await import('../remote/gateway-stores.js');
    const { client, runs } = new GatewayStores(settings, settings.gateway);
    const from = since === undefined ? {} : { since: new Date(since).toISOString() };
    return runs.ask(AuditEntryPage, client.listAudit({ ...filter, ...from }));
  }
  const query = { tenant_id: tenant, ...filter, ...(since !== undefined && { since }) };
  return withKvStoreOf(settings, options, (kv) => auditEntries(kv, query));
}

function asTable(records: readonly AuditEntry[], settings: Settings): string {
  const cells = records.map(({ at, key, name, action, status, target }) => [
    shownTime(Date.parse(at)),
    key,
    name,
    action,
    String(status),
    target,
  ]);
  const fit = { width: settings.streams.stdoutColumns, whole: [0, 1] };
  const head = ['TIME', 'KEY', 'NAME', 'ACTION', 'STATUS', 'TARGET'];
  return table(head, cells, makeColours(settings.colours.stdout), fit);
}
