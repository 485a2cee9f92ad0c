import type { SecretRedactor } from './secret-redactor.js';

/** Redacts a text that arrives in pieces. The end of a piece is held back while it may be the beginning of a secret. */
export class TokenRedactor {
  private held = '';

  constructor(private readonly redactor: SecretRedactor) {}

  /** What may be shown now; may be empty. */
  next(piece: string): string {
    const text = this.redactor.text(this.held + piece);
    const shown = text.length - this.redactor.unfinished(text);
    this.held = text.slice(shown);
    return text.slice(0, shown);
  }

  /** What was held back, when no more pieces come. */
  rest(): string {
    const { held } = this;
    this.held = '';
    return held;
  }
}
