import { verify_audit } from '@llmteam/dev';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { type WhichRegistry, with_registry_of } from '../registries.js';
import type { Settings } from '../settings.js';

export async function audit_verify(
  settings: Settings,
  _args: readonly string[],
  { tenant, json, ...which }: WhichRegistry & { tenant: string; json?: boolean },
): Promise<ExitCode> {
  const verdict = await with_registry_of(settings, which, (registry) => verify_audit(registry, tenant));
  const { intact, records, pages, fault } = verdict;
  const words = intact ? `intact: ${records} records on ${pages} pages` : `not intact: ${fault}`;
  settings.streams.print(json === true ? `${JSON.stringify(verdict, null, 2)}\n` : `${words}\n`);
  return intact ? exit_codes.completed : exit_codes.failed;
}
