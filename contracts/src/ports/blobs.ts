/**
 * Large values by content. Laws:
 *
 * - B1 `put` answers `sha256:<64 hex digits>` of the bytes once they are kept; the same bytes again change nothing.
 * - B2 `get` answers exactly the bytes, checked against the hash; `BLOB_MISSING` if there are none, `STORE_CORRUPT` if they differ.
 * - B3 What is written is never seen in part.
 * - B4 After `close` every method rejects with `CLOSED`; `close` may be called again.
 */
export interface Blobs {
  readonly supports: { readonly durable: boolean };
  put(bytes: Uint8Array): Promise<string>;
  get(hash: string): Promise<Uint8Array>;
  has(hash: string): Promise<boolean>;
  close(): Promise<void>;
}
