import type { Blobs } from '@llmteam/contracts';
import type { MsgHdrs } from '@nats-io/transport-node';
import type { HeaderTable } from './message-headers.js';

/** Larger texts are stored as blobs: consumers share a connection, and one large message would block all others. */
const maxInlineBytes = 256 * 1024;
/** Headers count towards the maximum payload. */
const headerRoom = 2 * 1024;
const blobHeader = 'Llmteam-Blob';

export interface Body {
  readonly body: Uint8Array;
  readonly headers?: HeaderTable;
}

/** Converts texts to message bodies: small ones inline, large ones by reference. */
export class Bodies {
  private readonly decoder = new TextDecoder();

  constructor(
    private readonly blobs: Blobs,
    /** The largest message the server takes. */
    private readonly maxPayload: () => number,
  ) {}

  /** Returns a promise only for large texts. */
  pack(text: string): Body | Promise<Body> {
    const body = Buffer.from(text);
    return body.length <= Math.min(maxInlineBytes, this.maxPayload() - headerRoom) ? { body } : this.store(body);
  }

  /** @throws LlmteamError `BLOB_MISSING`, `STORE_CORRUPT` */
  unpack(msg: { readonly data: Uint8Array; readonly headers?: MsgHdrs | undefined }): string | Promise<string> {
    const { data } = msg;
    // The client parses headers on access, which most messages can avoid.
    const hash = data.length > 0 ? '' : (msg.headers?.get(blobHeader) ?? '');
    return hash === '' ? this.decoder.decode(data) : this.load(hash);
  }

  private async store(body: Uint8Array): Promise<Body> {
    return { body: new Uint8Array(0), headers: { [blobHeader]: await this.blobs.put(body) } };
  }

  private async load(hash: string): Promise<string> {
    return this.decoder.decode(await this.blobs.get(hash));
  }
}
