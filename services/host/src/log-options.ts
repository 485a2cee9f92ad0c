export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** json: one object a line, for machines. */
  readonly format: 'json' | 'pretty';
  /** Of the pretty format. */
  readonly colours: boolean;
  /** Texts that must never be written, wherever they stand. */
  readonly secrets: readonly string[];
  /** Is given whole lines, each with its line break. */
  readonly write: (text: string) => void;
}
