/** Which permissions, as in `permissionList`, stand for which others. */
import { type PermissionKind, type Permissions, permissionKinds } from '@llmteam/contracts';

/** Whether a list of permissions covers one. Hosts are in lower case, with a port unless it is that of the scheme. */
export function covers(permissions: readonly string[], kind: PermissionKind, what: string): boolean {
  return permissions.some((permission) => {
    const [ofKind, pattern] = partsOf(permission);
    if (ofKind !== kind) return false;
    if (pattern === '*' || pattern === what) return true;
    return kind === 'network' && isBelow(what, hostOf(permission));
  });
}

/** `['secret', 'acme_key']` of `secret:acme_key` */
export function partsOf(permission: string): [kind: PermissionKind, what: string] {
  const split = permission.indexOf(':');
  return [permission.slice(0, split) as PermissionKind, permission.slice(split + 1)];
}

/** As hosts are compared: in lower case, without the port of its scheme. */
export function hostOf(permission: string): string {
  return permission
    .replace(/^network:/, '')
    .toLowerCase()
    .replace(/:(80|443)$/, '');
}

/** The key of a kind in a manifest and in `grant`: `secrets` for `secret`. */
export function sectionOf(kind: PermissionKind): keyof Permissions {
  const sections = Object.keys(permissionKinds) as (keyof Permissions)[];
  return sections.find((section) => permissionKinds[section] === kind) ?? 'network';
}

/** Those that have nothing in common with any of the others: what a plugin declares and nobody grants, or what is granted in vain. */
export function withoutCounterpart(permissions: readonly string[], others: readonly string[]): string[] {
  return permissions.filter((permission) => counterparts(permission, others).length === 0);
}

/** The others that cover a permission, or a part of it: `llm:gpt4` is a part of `llm:*`. */
export function counterparts(permission: string, others: readonly string[]): string[] {
  return others.filter((other) => covers([other], ...partsOf(permission)) || covers([permission], ...partsOf(other)));
}

/** `*.example.com` covers `a.example.com` and `a.b.example.com`, not `example.com`. */
function isBelow(host: string, pattern: string): boolean {
  return (
    host === pattern ||
    (pattern.startsWith('*.') && host.length > pattern.length - 1 && host.endsWith(pattern.slice(1)))
  );
}
