/**
 * Purpose: where the command line writes: results to stdout, everything else to stderr.
 * Owns: readers that go away. A closed pipe (`| head`) is no error; the run goes on without being watched.
 */
export class Streams {
  private isLost = false;
  private aboveDisplay: ((text: string) => void) | null = null;
  /** Why results could not be written, but for a reader that went away. */
  failure: Error | null = null;
  private crashHandler: () => void = () => undefined;
  private redact: (text: string) => string = (text) => text;

  constructor(
    private readonly stdout: NodeJS.WriteStream,
    readonly stderr: NodeJS.WriteStream,
  ) {
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.isLost = true;
      if (error.code !== 'EPIPE') this.failure ??= error;
    });
    stderr.on('error', () => undefined);
  }

  get stdoutIsTerminal(): boolean {
    return this.stdout.isTTY === true;
  }

  get stderrIsTerminal(): boolean {
    return this.stderr.isTTY === true;
  }

  /** A result, as it is. */
  print(text: string): void {
    if (!this.isLost) this.stdout.write(text);
  }

  /** A line for people. */
  note(line: string): void {
    const text = this.redact(line.endsWith('\n') ? line : `${line}\n`);
    if (this.aboveDisplay === null) this.stderr.write(text);
    else this.aboveDisplay(text);
  }

  /** Notes are written without what `redact` removes: the secrets of the configuration, once it is loaded. */
  redactWith(redact: (text: string) => string): void {
    this.redact = redact;
  }

  /** `handler` has the last word before the process ends by an uncaught error. */
  handleCrash(handler: () => void): void {
    this.crashHandler = handler;
  }

  crashed(): void {
    this.crashHandler();
  }

  /** Sends notes through a live display, which keeps its own lines below them; the function given back ends that. */
  divert(write: (text: string) => void): () => void {
    this.aboveDisplay = write;
    return () => {
      this.aboveDisplay = null;
    };
  }

  /** Resolves once the results are with the system. */
  flush(): Promise<void> {
    if (this.isLost) return Promise.resolve();
    return new Promise((resolve) => {
      this.stdout.write('', () => resolve());
    });
  }
}
