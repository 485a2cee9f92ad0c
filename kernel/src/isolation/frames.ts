/** Frames on a stream: the length of a JSON text in UTF-8 as four bytes, then the text. */

/** The body of a request, at most 16 MiB, in base64 is the largest thing that is said; whoever sends more is not to be listened to. */
const largestFrame = 24 * 1024 * 1024;
const headBytes = 4;

export function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headBytes + length);
  frame.writeUInt32BE(length, 0);
  frame.write(text, headBytes);
  return frame;
}

/** Takes a stream apart. */
export class FrameReader {
  private pieces: Buffer[] = [];
  private held = 0;

  /** The texts that are complete now. @throws RangeError if a frame is larger than {@link largestFrame} */
  push(piece: Buffer): string[] {
    this.pieces.push(piece);
    this.held += piece.length;
    const texts: string[] = [];
    for (let length = this.nextLength(); length !== null; length = this.nextLength()) {
      if (this.held < headBytes + length) break;
      const bytes = this.take(headBytes + length);
      texts.push(bytes.toString('utf8', headBytes));
    }
    return texts;
  }

  private nextLength(): number | null {
    if (this.held < headBytes) return null;
    const length = this.joined(headBytes).readUInt32BE(0);
    if (length > largestFrame) throw new RangeError(`a frame of ${length} bytes; at most ${largestFrame} are allowed`);
    return length;
  }

  /** The first piece, made as long as needed. Pieces are joined only when a frame is complete or its length is split. */
  private joined(bytes: number): Buffer {
    const [first] = this.pieces;
    if (first !== undefined && first.length >= bytes) return first;
    const whole = Buffer.concat(this.pieces);
    this.pieces = [whole];
    return whole;
  }

  private take(bytes: number): Buffer {
    const whole = this.joined(bytes);
    const rest = whole.subarray(bytes);
    this.pieces = rest.length === 0 ? this.pieces.slice(1) : [rest, ...this.pieces.slice(1)];
    this.held -= bytes;
    return whole.subarray(0, bytes);
  }
}
