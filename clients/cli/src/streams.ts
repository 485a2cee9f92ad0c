/**
 * Purpose: all output of the CLI: results on stdout, everything else on stderr.
 * Owns: closed pipes. A reader that goes away (`| head`) is not an error; the run continues unobserved.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@llmteam/contracts';

/** What is kept of one write. */
const longestForeign = 8_192;
const lastActsMs = 3_000;

export class Streams {
  private isClosed = false;
  private aboveDisplay: ((text: string) => void) | null = null;
  /** Why writing to stdout failed; null for closed pipes. */
  failure: Error | null = null;
  private readonly lastActs: (() => Promise<void>)[] = [];
  private crashHandler: () => void = () => undefined;
  private redact: (text: string) => string = (text) => text;
  private tellForeign: (text: string) => void = (text) => this.note(text);
  /** A plugin that runs in this process may not use the `write` of the stream from then on. */
  private readonly printTo: (text: string, written?: () => void) => boolean;

  constructor(
    private readonly stdout: NodeJS.WriteStream,
    readonly stderr: NodeJS.WriteStream,
  ) {
    const { write } = stdout;
    this.printTo = (text, written) => write.call(stdout, text, undefined, written);
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.isClosed = true;
      if (error.code !== 'EPIPE') this.failure ??= error;
    });
    stderr.on('error', () => undefined);
  }

  get stdoutIsTerminal(): boolean {
    return this.stdout.isTTY === true;
  }

  /** Columns of the terminal that results are printed on; null if they are not. */
  get stdoutColumns(): number | null {
    return this.stdoutIsTerminal ? this.stdout.columns || 80 : null;
  }

  get stderrIsTerminal(): boolean {
    return this.stderr.isTTY === true;
  }

  /**
   * From now on stdout belongs to results: what other code of this process writes there, such as a plugin that runs in it, goes to the log.
   * Code that writes to the file descriptor itself is not held up.
   */
  claimStdout(): void {
    const { stdout } = this;
    stdout.write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      this.tellForeign(text.trimEnd().slice(0, longestForeign));
      const written = rest.find((one): one is () => void => typeof one === 'function');
      if (written !== undefined) process.nextTick(written);
      return true;
    }) as NodeJS.WriteStream['write'];
  }

  /** Where that goes once there is a log; until then it is a note. */
  tellForeignTo(log: Logger): void {
    this.tellForeign = (text) => log.info({ stream: 'stdout' }, text);
  }

  /** Writes a result to stdout verbatim. */
  print(text: string): void {
    if (!this.isClosed) this.printTo(text);
  }

  /** Writes a line for the user to stderr. */
  note(line: string): void {
    const text = this.redact(line.endsWith('\n') ? line : `${line}\n`);
    if (this.aboveDisplay === null) this.stderr.write(text);
    else this.aboveDisplay(text);
  }

  /** Filters all notes through `redact`, which removes the configured secrets. */
  redactWith(redact: (text: string) => string): void {
    this.redact = redact;
  }

  /** Registers a handler that runs before the process exits because of an uncaught error. */
  handleCrash(handler: () => void): void {
    this.crashHandler = handler;
  }

  /** Registers what is done after an uncaught error, before the process exits. */
  onCrash(act: () => Promise<void>): void {
    this.lastActs.push(act);
  }

  /** Resolves once that is done, or has taken too long. Never rejects. */
  async lastActsDone(): Promise<void> {
    const done = Promise.allSettled(this.lastActs.map((act) => act()));
    await Promise.race([done, sleep(lastActsMs, undefined, { ref: false })]);
  }

  crashed(): void {
    this.crashHandler();
  }

  /** Routes notes through a live display, which keeps its own lines below them, until the returned function is called. */
  divert(write: (text: string) => void): () => void {
    this.aboveDisplay = write;
    return () => {
      this.aboveDisplay = null;
    };
  }

  /** Resolves once all results have been handed to the operating system. */
  flush(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.printTo('', () => resolve());
    });
  }
}
