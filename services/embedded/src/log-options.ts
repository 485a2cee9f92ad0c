export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly colours: boolean;
  /** Is given whole lines, each with its line break. */
  readonly write: (text: string) => void;
}
