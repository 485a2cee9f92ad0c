import { reveal, type ServiceConfig } from '@llmteam/service-host';
import { AuditSeals } from './audit/audit-seals.js';

/** The seals of the configured keys, the current one first. @throws LlmteamError `CONFIG_INVALID` */
export function auditSeals({ file, environment }: Pick<ServiceConfig, 'file' | 'environment'>): AuditSeals {
  const { audit_key: current, former_audit_keys: former } = file.gateway;
  const keys = current === undefined ? [] : [current, ...former];
  return new AuditSeals(keys.map((key) => reveal(key, environment)));
}
