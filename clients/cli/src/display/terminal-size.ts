import { Writable } from 'node:stream';

/** Some terminals report 0 rows and columns; 24 × 80 is assumed then. */
export function sizeOf({ rows, columns }: NodeJS.WriteStream): { rows: number; columns: number } {
  return { rows: rows || 24, columns: columns || 80 };
}

/** Wraps the stream so that its size is never 0. */
export function sized(stream: NodeJS.WriteStream): Writable {
  const writable = new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      stream.write(text);
      done();
    },
  });
  return Object.defineProperties(writable, {
    rows: { get: () => sizeOf(stream).rows },
    columns: { get: () => sizeOf(stream).columns },
  });
}
