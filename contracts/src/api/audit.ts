import { type Static, Type } from 'typebox';
import { PageCursor } from './run-answers.js';

const strict = { additionalProperties: false } as const;

/** A change that was made through the API. */
export const AuditEntry = Type.Object(
  {
    at: Type.String({ format: 'date-time' }),
    key: Type.String({ description: 'The public prefix of the API key.' }),
    name: Type.String({ description: 'The name of the API key.' }),
    action: Type.String({ description: 'The operation, e.g. `start_run`.' }),
    target: Type.String({ description: 'The path of the request, or of what it made.' }),
    status: Type.Integer(),
    request_id: Type.String(),
  },
  { ...strict, $id: 'AuditEntry' },
);
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditEntryPage = Type.Object(
  { records: Type.Array(AuditEntry), cursor: PageCursor },
  {
    ...strict,
    $id: 'AuditEntryPage',
    description: 'Records of the audit trail, newest first. A page may hold few records or none although more follow.',
  },
);
export type AuditEntryPage = Static<typeof AuditEntryPage>;
