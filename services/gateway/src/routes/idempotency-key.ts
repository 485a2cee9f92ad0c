import { wrong } from '../errors/request-invalid.js';

/** The key from the header or the body; if both give one they must agree. @throws LlmteamError `REQUEST_INVALID` */
export function idempotencyKey(header: string | undefined, body: string | undefined): string | undefined {
  if (header !== undefined && body !== undefined && header !== body) {
    throw wrong('body', '/idempotency_key', 'SCHEMA_VIOLATION', "differs from the header 'Idempotency-Key'");
  }
  return header ?? body;
}
