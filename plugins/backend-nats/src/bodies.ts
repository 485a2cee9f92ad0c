import { type Blobs, isLlmteamError, type RunKey } from '@llmteam/contracts';
import type { MsgHdrs } from '@nats-io/transport-node';
import type { HeaderTable } from './message-headers.js';

/** Larger texts are stored as blobs: consumers share a connection, and one large message would block all others. */
const maxInlineBytes = 256 * 1024;
/** Headers count towards the maximum payload. */
const headerRoom = 2 * 1024;
const blobHeader = 'Llmteam-Blob';

/** No JSON text begins with it. */
const ownerMark = '#';

interface Message {
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
}

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

  /**
   * Returns a promise only for large texts. The blob of a run's text begins with a line that names the run, so no other run shares it and it
   * can be removed.
   */
  pack(text: string, run?: RunKey): Body | Promise<Body> {
    const body = Buffer.from(text);
    if (body.length <= Math.min(maxInlineBytes, this.maxPayload() - headerRoom)) return { body };
    return this.store(run === undefined ? body : Buffer.concat([Buffer.from(ownerLine(run)), body]));
  }

  /** @throws LlmteamError `BLOB_MISSING`, `STORE_CORRUPT` */
  unpack(msg: Message): string | Promise<string> {
    const hash = this.hashOf(msg);
    return hash === null ? this.decoder.decode(msg.data) : this.load(hash);
  }

  /** The blob of a message; null if it is not stored as one. */
  hashOf({ data, headers }: Message): string | null {
    // The client parses headers on access, which most messages can avoid.
    const hash = data.length > 0 ? '' : (headers?.get(blobHeader) ?? '');
    return hash === '' ? null : hash;
  }

  /** Removes a blob if it names the run that it belongs to. */
  async remove(hash: string): Promise<void> {
    try {
      const [first] = await this.blobs.get(hash);
      if (first === ownerMark.charCodeAt(0)) await this.blobs.remove(hash);
    } catch (error) {
      if (!isLlmteamError(error) || error.code !== 'BLOB_MISSING') throw error;
    }
  }

  private async store(body: Uint8Array): Promise<Body> {
    return { body: new Uint8Array(0), headers: { [blobHeader]: await this.blobs.put(body) } };
  }

  private async load(hash: string): Promise<string> {
    const text = this.decoder.decode(await this.blobs.get(hash));
    return text.startsWith(ownerMark) ? text.slice(text.indexOf('\n') + 1) : text;
  }
}

function ownerLine({ tenant_id, run_id }: RunKey): string {
  return `${ownerMark}${JSON.stringify([tenant_id, run_id])}\n`;
}
