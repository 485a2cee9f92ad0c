export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json`: one object per line, for machines. */
  readonly format: 'json' | 'pretty';
  /** Whether the pretty format uses colours. */
  readonly colours: boolean;
  /** Strings that must never be written, wherever they occur. */
  readonly secrets: readonly string[];
  /** Called with complete lines, including the line break. */
  readonly write: (text: string) => void;
}
