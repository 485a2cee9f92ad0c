/**
 * What a handler may use: what its step type declares and the operator grants.
 * Whether the thing exists is checked elsewhere (resources.ts).
 */
import { LlmteamError, type PermissionKind } from '@llmteam/contracts';
import type { PluginStanding } from '../plugins/plugin-standing.js';
import { covers, hostOf, sectionOf, withoutCounterpart } from './permission-cover.js';

export type PermissionFault = 'undeclared' | 'not_granted';

export class PermissionCheck {
  constructor(
    private readonly standing: Pick<PluginStanding, 'plugin' | 'grant'>,
    private readonly declared: readonly string[],
  ) {}

  /** @throws LlmteamError `PERMISSION_DENIED`, naming what was used and what is missing */
  require(kind: PermissionKind, what: string): void {
    const fault = this.fault(kind, what);
    if (fault === null) return;
    const details = { plugin: this.standing.plugin, permission: `${kind}:${what}`, fault };
    throw new LlmteamError('PERMISSION_DENIED', this.reasonFor(fault, kind, what), { details });
  }

  /** In words, with the key that is missing. */
  reasonFor(fault: PermissionFault, kind: PermissionKind, what: string): string {
    const section = sectionOf(kind);
    const reason =
      fault === 'undeclared'
        ? `its manifest does not declare it (\`llmteam.permissions.${section}\` in its package.json)`
        : `the configuration does not grant it (\`grant.${section}\` of its entry in \`plugins\`)`;
    return `plugin '${this.standing.plugin}' may not use ${kind} '${what}': ${reason}`;
  }

  /** What is declared and not granted, not even in part. */
  notGranted(): string[] {
    const { grant } = this.standing;
    return grant === 'declared' ? [] : withoutCounterpart(this.declared, grant);
  }

  fault(kind: PermissionKind, what: string): PermissionFault | null {
    if (!covers(this.declared, kind, what)) return 'undeclared';
    const { grant } = this.standing;
    return grant === 'declared' || covers(grant, kind, what) ? null : 'not_granted';
  }

  /** Whether anything of a kind may be used at all. */
  allowsAny(kind: PermissionKind): boolean {
    const isOfKind = (permission: string) => permission.startsWith(`${kind}:`);
    const { grant } = this.standing;
    return this.declared.some(isOfKind) && (grant === 'declared' || grant.some(isOfKind));
  }

  /** The declared hosts that the operator wrote down by their names, as `host` or `host:port`. */
  namedHosts(): string[] {
    const { grant } = this.standing;
    const written = grant === 'declared' ? [] : grant.filter((permission) => permission.startsWith('network:'));
    const hosts = written.map((permission) => permission.slice('network:'.length).toLowerCase());
    return hosts.filter((host) => !host.includes('*') && this.fault('network', host) === null);
  }

  /** Whether the operator wrote this very host, not a pattern that covers it. */
  grantsByName(host: string): boolean {
    const { grant } = this.standing;
    return grant !== 'declared' && grant.some((permission) => hostOf(permission) === host);
  }
}
