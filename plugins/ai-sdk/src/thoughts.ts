const opening = '<think>';
const closing = '</think>';

interface Split {
  readonly thought: string;
  readonly text: string;
}

/** Tells a `<think>` block at the beginning of a text from what follows it, while the text comes piece by piece. */
export class Thoughts {
  #state: 'beginning' | 'thinking' | 'after' | 'text' = 'beginning';
  /** Not told apart yet. */
  #held = '';

  /** What the next piece adds to both. */
  next(piece: string): Split {
    if (this.#state === 'text') return { thought: '', text: piece };
    this.#held += piece;
    if (this.#state === 'beginning' && !this.#begins()) return { thought: '', text: this.#released() };
    const thought = this.#state === 'thinking' ? this.#thought() : '';
    return { thought, text: this.#state === 'after' ? this.#answer() : this.#released() };
  }

  /** What was held back when the text ended. A block that does not end is thought. */
  end(): Split {
    const held = this.#held;
    this.#held = '';
    return this.#state === 'thinking' ? { thought: held, text: '' } : { thought: '', text: held };
  }

  /** Whether a block begins here, or may do so: then the state stays. */
  #begins(): boolean {
    const start = this.#held.trimStart();
    if (start.startsWith(opening)) {
      this.#held = start.slice(opening.length);
      this.#state = 'thinking';
      return true;
    }
    if (!opening.startsWith(start)) this.#state = 'text';
    return false;
  }

  #thought(): string {
    const end = this.#held.indexOf(closing);
    if (end >= 0) {
      const thought = this.#held.slice(0, end);
      this.#held = this.#held.slice(end + closing.length);
      this.#state = 'after';
      return thought;
    }
    const kept = beginningAtEnd(this.#held, closing);
    const thought = this.#held.slice(0, this.#held.length - kept);
    this.#held = this.#held.slice(thought.length);
    return thought;
  }

  /** White space between the block and the answer belongs to neither. */
  #answer(): string {
    this.#held = this.#held.trimStart();
    if (this.#held !== '') this.#state = 'text';
    return this.#released();
  }

  #released(): string {
    if (this.#state !== 'text') return '';
    const text = this.#held;
    this.#held = '';
    return text;
  }
}

/** How many characters at the end of a text may be the beginning of `mark`. */
function beginningAtEnd(text: string, mark: string): number {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(mark.slice(0, length))) return length;
  }
  return 0;
}
