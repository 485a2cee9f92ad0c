import type { Readable } from 'node:stream';

const longestLine = 8_192;
/** What code writes beyond this is read no faster, so that it slows down itself and nobody else. */
const bytesPerSecond = 32 * 1024 * 1024;
/** Further lines of a second are not told. */
const linesPerSecond = 1_000;
const secondMs = 1_000;

/** Turns what code writes into lines: bounded in length, number and pace. */
export function readLines(stream: Readable, tell: (line: string) => void): void {
  const lines = new Lines(tell);
  let budget = bytesPerSecond;
  const refill = setInterval(() => {
    budget = bytesPerSecond;
    lines.nextSecond();
    stream.resume();
  }, secondMs);
  refill.unref();
  stream.on('data', (piece: Buffer) => {
    lines.push(piece);
    budget -= piece.length;
    if (budget <= 0) stream.pause();
  });
  stream.on('error', () => undefined);
  stream.on('close', () => {
    clearInterval(refill);
    lines.end();
  });
}

class Lines {
  private begun = '';
  private isCut = false;
  private told = 0;
  private isFull = false;

  constructor(private readonly tell: (line: string) => void) {}

  push(piece: Buffer): void {
    // Not even looked at: who writes so much must not cost others anything.
    if (this.isFull) return;
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0 && !this.isFull; end = piece.indexOf(10, start)) {
      this.add(piece.subarray(start, end));
      this.finish();
      start = end + 1;
    }
    this.add(piece.subarray(start));
  }

  nextSecond(): void {
    if (this.isFull) this.tell('… more was written and is not shown');
    this.told = 0;
    this.isFull = false;
  }

  end(): void {
    if (this.begun !== '') this.finish();
    this.nextSecond();
  }

  private add(bytes: Buffer): void {
    const room = longestLine - this.begun.length;
    if (bytes.length > room) this.isCut = true;
    if (room > 0) this.begun += bytes.toString('utf8', 0, Math.min(bytes.length, room));
  }

  private finish(): void {
    const line = `${this.begun.replace(/\r$/, '')}${this.isCut ? ' …' : ''}`;
    this.begun = '';
    this.isCut = false;
    if (line.trim() === '') return;
    this.tell(line);
    this.isFull = ++this.told >= linesPerSecond;
    if (this.isFull) this.begun = '';
  }
}
