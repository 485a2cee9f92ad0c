import type { Role } from '@llmteam/contracts';

/** Every action a key can be allowed; there is no blanket permission such as "write". */
export const actions = [
  'catalog:read',
  'plugin:read',
  'segment:read',
  'segment:validate',
  'segment:write',
  'segment:delete',
  'run:read',
  'run:start',
  'run:cancel',
  'run:pause',
  'run:resume',
  'run:signal',
  'run:fork',
  'run:delete',
  'run:redact',
  'task:read',
  'task:claim',
  'task:answer',
  'key:self',
  'key:read',
  'key:write',
  'audit:read',
] as const;
export type Action = (typeof actions)[number];

const looks: readonly Action[] = [
  'catalog:read',
  'segment:read',
  'segment:validate',
  'run:read',
  'task:read',
  'key:self',
];
const operates: readonly Action[] = ['run:start', 'run:cancel', 'run:pause', 'run:resume', 'run:signal', 'run:fork'];

const allowed: Readonly<Record<Role, ReadonlySet<Action>>> = {
  viewer: new Set(looks),
  operator: new Set([...looks, ...operates]),
  author: new Set([...looks, ...operates, 'segment:write', 'segment:delete', 'run:delete', 'run:redact']),
  approver: new Set([...looks, 'task:claim', 'task:answer']),
  admin: new Set(actions),
};

export function may(role: Role, action: Action): boolean {
  return allowed[role].has(action);
}
