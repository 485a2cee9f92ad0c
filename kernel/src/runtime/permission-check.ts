/**
 * What a handler may use: what its step type declares and the operator grants.
 * Whether the thing exists is checked elsewhere (resources.ts).
 */
import { LlmteamError, type PermissionKind, type Permissions, permissionKinds } from '@llmteam/contracts';
import type { PluginStanding } from '../plugins/plugin-standing.js';

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
    const { plugin } = this.standing;
    const section = sectionOf(kind);
    const reason =
      fault === 'undeclared'
        ? `its manifest does not declare it (\`llmteam.permissions.${section}\` in its package.json)`
        : `the configuration does not grant it (\`grant.${section}\` of its entry in \`plugins\`)`;
    const details = { plugin, permission: `${kind}:${what}`, fault };
    throw new LlmteamError('PERMISSION_DENIED', `plugin '${plugin}' may not use ${kind} '${what}': ${reason}`, {
      details,
    });
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

/** Whether a list of permissions covers one. Hosts are in lower case, with a port unless it is that of the scheme. */
function covers(permissions: readonly string[], kind: PermissionKind, what: string): boolean {
  return permissions.some((permission) => {
    const split = permission.indexOf(':');
    if (permission.slice(0, split) !== kind) return false;
    const pattern = permission.slice(split + 1);
    if (pattern === '*' || pattern === what) return true;
    return kind === 'network' && isBelow(what, hostOf(permission));
  });
}

/** As hosts are compared: in lower case, without the port of its scheme. */
function hostOf(permission: string): string {
  return permission
    .replace(/^network:/, '')
    .toLowerCase()
    .replace(/:(80|443)$/, '');
}

/** `*.example.com` covers `a.example.com` and `a.b.example.com`, not `example.com`. */
function isBelow(host: string, pattern: string): boolean {
  return (
    host === pattern ||
    (pattern.startsWith('*.') && host.length > pattern.length - 1 && host.endsWith(pattern.slice(1)))
  );
}

function sectionOf(kind: PermissionKind): keyof Permissions {
  const sections = Object.keys(permissionKinds) as (keyof Permissions)[];
  return sections.find((section) => permissionKinds[section] === kind) ?? 'network';
}
