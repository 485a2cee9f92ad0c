/**
 * Content-addressed storage of large values. Laws:
 *
 * - B1 `put` resolves to `sha256:<64 hex digits>` of the bytes once they are stored; storing the same bytes again is a
 *   no-op.
 * - B2 `get` returns exactly those bytes, verified against the hash; it rejects with `BLOB_MISSING` if there are none and
 *   with `STORE_CORRUPT` if they differ.
 * - B3 A partial write is never visible.
 * - B5 `remove` deletes a blob as if it had never been stored; if there is none it is a no-op. Only for bytes that nobody
 *   else may have stored: a concurrent `put` of the same bytes may be lost.
 * - B4 After `close` every method rejects with `CLOSED`; `close` is idempotent.
 */
export interface Blobs {
  readonly supports: { readonly durable: boolean };
  put(bytes: Uint8Array): Promise<string>;
  get(hash: string): Promise<Uint8Array>;
  has(hash: string): Promise<boolean>;
  remove(hash: string): Promise<void>;
  close(): Promise<void>;
}
