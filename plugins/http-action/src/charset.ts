import { TextDecoder } from 'node:util';

const byteOrderMarks = [
  { charset: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { charset: 'utf-16be', bytes: [0xfe, 0xff] },
  { charset: 'utf-16le', bytes: [0xff, 0xfe] },
];

/** A byte order mark names the charset more surely than any label (WHATWG Encoding, section 6); without both it is UTF-8. */
export function charsetOf(content: Uint8Array, label: string | undefined): string {
  const mark = byteOrderMarks.find(({ bytes }) => bytes.every((byte, index) => content[index] === byte));
  return mark?.charset ?? label ?? 'utf-8';
}

/** The label that `Content-Type` gives. */
export function declaredCharset(contentType: string | string[] | undefined): string | undefined {
  return /;\s*charset\s*=\s*["']?([^"';\s]+)/i.exec(String(contentType ?? ''))?.[1];
}

/** A decoder that refuses bytes it would have to replace; undefined if nobody knows the label. */
export function decoderOf(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return undefined;
  }
}
