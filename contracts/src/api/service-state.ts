import { type Static, Type } from 'typebox';

/** `GET /health`, `GET /ready` */
export const ServiceState = Type.Object(
  {
    status: Type.Enum(['ok', 'not_ready']),
    version: Type.String(),
    reasons: Type.Optional(Type.Array(Type.String(), { description: 'Why it is not ready.' })),
  },
  { additionalProperties: false, $id: 'ServiceState' },
);
export type ServiceState = Static<typeof ServiceState>;

/** `GET /` */
export const ServiceIndex = Type.Object(
  {
    name: Type.Literal('llmteam'),
    version: Type.String(),
    links: Type.Object(
      { docs: Type.String(), openapi: Type.String(), health: Type.String(), ready: Type.String() },
      { additionalProperties: false, description: 'Paths on this host.' },
    ),
  },
  { additionalProperties: false, $id: 'ServiceIndex' },
);
export type ServiceIndex = Static<typeof ServiceIndex>;
