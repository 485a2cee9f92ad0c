import { Readable } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { maxContentCodings } from './limits.js';

/** A response that cannot be decoded; `message` continues "the response of … ". */
export class Undecodable extends Error {}

export interface Decoded {
  readonly content: Buffer;
  /** Whether there was more than `maxBytes`; `content` is then the start. */
  readonly isCut: boolean;
}

const zlibFlush = { finishFlush: constants.Z_SYNC_FLUSH };
const brotliFlush = { finishFlush: constants.BROTLI_OPERATION_FLUSH };

const decoders = {
  gzip: (isPart: boolean) => createGunzip(isPart ? zlibFlush : {}),
  'x-gzip': (isPart: boolean) => createGunzip(isPart ? zlibFlush : {}),
  br: (isPart: boolean) => createBrotliDecompress(isPart ? brotliFlush : {}),
  deflate: (isPart: boolean) => createInflate(isPart ? zlibFlush : {}),
  /** Some servers send `deflate` without the zlib header. */
  rawDeflate: (isPart: boolean) => createInflateRaw(isPart ? zlibFlush : {}),
};
type Coding = Exclude<keyof typeof decoders, 'rawDeflate'>;

/**
 * The codings of `Content-Encoding` in the order in which they were applied.
 * @throws Undecodable naming one that is unknown, or if there are too many
 */
export function codingsOf(header: string | string[] | undefined): readonly Coding[] {
  const names = [header ?? []]
    .flat()
    .flatMap((list) => list.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > maxContentCodings) {
    throw new Undecodable(`has ${names.length} content encodings; at most ${maxContentCodings} are undone`);
  }
  return names.map((name) => {
    if (isCoding(name)) return name;
    throw new Undecodable(`has the content encoding ${shownWord(name)}, which is not gzip, deflate or br`);
  });
}

/** A word of the response in a message. A long one is not cut: its beginning could be that of a secret. */
export function shownWord(word: string): string {
  return word.length <= 64 ? JSON.stringify(word) : `of ${word.length} characters`;
}

function isCoding(name: string): name is Coding {
  return name !== 'rawDeflate' && Object.hasOwn(decoders, name);
}

/**
 * Undoes the codings, the last first. At most `maxBytes` are kept of every stage, so a bomb does no harm. `isPart` says that the end of
 * `received` is missing.
 * @throws Undecodable
 */
export async function decompress(
  received: Buffer,
  codings: readonly Coding[],
  { maxBytes, isPart }: { maxBytes: number; isPart: boolean },
): Promise<Decoded> {
  let content = received;
  let isCut = false;
  if (received.length === 0) return { content, isCut };
  for (const coding of codings.toReversed()) {
    const decoded = await undo(coding, content, { maxBytes, isPart: isPart || isCut });
    content = decoded.content;
    isCut ||= decoded.isCut;
  }
  return { content, isCut };
}

async function undo(
  coding: Coding,
  received: Buffer,
  { maxBytes, isPart }: { maxBytes: number; isPart: boolean },
): Promise<Decoded> {
  const hasNoHeader = coding === 'deflate' && ((received[0] ?? 0) & 0x0f) !== 8;
  const decoder = decoders[hasNoHeader ? 'rawDeflate' : coding](isPart);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Leaving the loop destroys the decoder.
    for await (const chunk of Readable.from([received]).pipe(decoder) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) return { content: Buffer.concat(chunks).subarray(0, maxBytes), isCut: true };
    }
  } catch (cause) {
    throw new Undecodable(`is not ${coding}`, { cause });
  }
  return { content: Buffer.concat(chunks), isCut: false };
}
