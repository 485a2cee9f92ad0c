import { Type } from 'typebox';

/** What a key may do, from least to most; see `docs/contracts/api-reference.md`. */
export const roles = ['viewer', 'operator', 'author', 'approver', 'admin'] as const;
export const Role = Type.Enum([...roles], { $id: 'Role' });
export type Role = (typeof roles)[number];
