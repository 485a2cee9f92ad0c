/**
 * Purpose: finds secrets in text and JSON by value and replaces them with `[redacted]`, in every spelling of `spellings.ts`.
 * One expression searches for all of them, so text without secrets costs one linear scan. A value without secrets is returned as is.
 */
import type { Json } from '@llmteam/contracts';
import { spellingsOf } from './spellings.js';

const redacted = '[redacted]';
/** Shorter values, such as `true` or a port, occur in ordinary text, so they are not searched for. */
const shortestSecret = 6;
const numberText = /^[\d.eE+-]+$/;

export class SecretRedactor {
  private readonly secrets = new Set<string>();
  private spellings: readonly string[] = [];
  private pattern: RegExp | null = null;
  private prefixes: ReadonlySet<string> | null = null;
  private mayBeNumbers = false;

  add(secrets: Iterable<string>): void {
    const { size } = this.secrets;
    for (const secret of secrets) if (secret.length >= shortestSecret) this.secrets.add(secret);
    if (this.secrets.size === size) return;
    // Longest first, because one secret may contain another.
    const all = new Set([...this.secrets].flatMap(spellingsOf));
    this.spellings = [...all].sort((one, other) => other.length - one.length);
    this.pattern = new RegExp(this.spellings.map(literally).join('|'), 'g');
    this.prefixes = null;
    this.mayBeNumbers = this.spellings.some((spelling) => numberText.test(spelling));
  }

  text(whole: string): string {
    const isTooShort = whole.length < (this.spellings.at(-1)?.length ?? Number.POSITIVE_INFINITY);
    return this.pattern === null || isTooShort ? whole : whole.replace(this.pattern, redacted);
  }

  /** The same for a text that was cut: what may be the beginning of a secret at its end is left out too. */
  cutText(start: string): string {
    const text = this.text(start);
    return text.slice(0, text.length - this.unfinished(text));
  }

  /** A copy without secrets in its strings, keys and numbers; the same value if it has none. */
  json<T>(value: T): T {
    return this.pattern === null ? value : (this.clean(value as Json) as T);
  }

  /** How many characters at the end of a text may be the beginning of a secret. */
  unfinished(text: string): number {
    this.prefixes ??= prefixesOf(this.spellings);
    const longest = (this.spellings[0]?.length ?? 0) - 1;
    for (let length = Math.min(longest, text.length); length > 0; length--) {
      if (this.prefixes.has(text.slice(-length))) return length;
    }
    return 0;
  }

  private clean(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number' && this.mayBeNumbers) return this.number(value);
    if (typeof value !== 'object' || value === null) return value;
    return Array.isArray(value) ? this.cleanList(value) : this.cleanObject(value as Readonly<Record<string, Json>>);
  }

  private number(value: number): Json {
    const text = String(value);
    return this.text(text) === text ? value : redacted;
  }

  private cleanList(list: readonly Json[]): Json {
    const cleaned = list.map((item) => this.clean(item));
    return cleaned.every((item, index) => item === list[index]) ? (list as Json) : cleaned;
  }

  private cleanObject(object: Readonly<Record<string, Json>>): Json {
    let hasChanged = false;
    const entries = Object.entries(object).map(([key, member]) => {
      const cleaned = [this.text(key), this.clean(member)] as const;
      hasChanged ||= cleaned[0] !== key || cleaned[1] !== member;
      return cleaned;
    });
    return hasChanged ? Object.fromEntries(entries) : object;
  }
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function prefixesOf(texts: readonly string[]): Set<string> {
  const prefixes = new Set<string>();
  for (const text of texts) for (let end = 1; end < text.length; end++) prefixes.add(text.slice(0, end));
  return prefixes;
}
