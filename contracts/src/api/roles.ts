import { Type } from 'typebox';

/** Roles of API keys, in order of increasing privilege; see `docs/contracts/api-reference.md`. */
export const roles = ['viewer', 'operator', 'author', 'approver', 'admin'] as const;
export const Role = Type.Enum([...roles], { $id: 'Role' });
export type Role = (typeof roles)[number];
