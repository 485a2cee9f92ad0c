import type { Blobs } from '@llmteam/contracts';
import type { MsgHdrs } from '@nats-io/transport-node';
import type { HeaderTable } from './message-headers.js';

/** What is larger travels as a blob: consumers share a connection, and one large message holds up all others. */
const mostInlineBytes = 256 * 1024;
/** The headers of a message count as part of it. */
const headerRoom = 2 * 1024;
const blobHeader = 'Llmteam-Blob';

export interface Body {
  readonly body: Uint8Array;
  readonly headers?: HeaderTable;
}

/** Texts as message bodies: small ones as they are, large ones by reference. */
export class Bodies {
  private readonly decoder = new TextDecoder();

  constructor(
    private readonly blobs: Blobs,
    /** The largest message the server takes. */
    private readonly maxPayload: () => number,
  ) {}

  /** A promise only for large texts. */
  pack(text: string): Body | Promise<Body> {
    const body = Buffer.from(text);
    return body.length <= Math.min(mostInlineBytes, this.maxPayload() - headerRoom) ? { body } : this.store(body);
  }

  /** @throws LlmteamError `BLOB_MISSING`, `STORE_CORRUPT` */
  unpack(msg: { readonly data: Uint8Array; readonly headers?: MsgHdrs | undefined }): string | Promise<string> {
    const { data } = msg;
    // Headers are parsed when they are asked for; most messages need not.
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
