import { type Static, Type } from 'typebox';

/** `GET /health`, `GET /ready` */
export const ServiceState = Type.Object(
  { status: Type.Enum(['ok', 'not_ready']), version: Type.String() },
  { additionalProperties: false, $id: 'ServiceState' },
);
export type ServiceState = Static<typeof ServiceState>;
