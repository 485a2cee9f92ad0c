/** Shared by all commands: the signature of an action and the parsers of option values. */
import { InvalidArgumentError } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import type { Settings } from '../settings.js';

// biome-ignore lint/suspicious/noExplicitAny: commander does not type options; each action declares its own
type Options = any;

/** Implements a command; imported lazily when the command is invoked. */
export type Action = (settings: Settings, args: readonly string[], options: Options) => Promise<ExitCode>;

/** Adapts an action to a commander handler. */
export type Act = (action: Action) => (...args: unknown[]) => Promise<void>;

/** About 31 years. */
const maxSeconds = 1_000_000_000;
const name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A tenant, run or correlation id. */
export function parseName(text: string): string {
  if (name.test(text)) return text;
  throw new InvalidArgumentError('Expected at most 128 letters, digits, dots, dashes and underscores.');
}

const metadataName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const metadataValue = /^[^\p{Cc}\p{Cs}]{0,256}$/u;
const mostEntries = 16;

/** Adds `name=value` to the entries given before. */
export function parseEntry(text: string, given: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = text.indexOf('=');
  const [key, value] = [text.slice(0, Math.max(0, equals)), text.slice(equals + 1)];
  if (!metadataName.test(key) || !metadataValue.test(value)) {
    throw new InvalidArgumentError(
      'Expected name=value: a name of at most 64 letters, digits, dots, dashes and underscores, and up to 256 characters.',
    );
  }
  const entries = { ...given, [key]: value };
  if (Object.keys(entries).length <= mostEntries) return entries;
  throw new InvalidArgumentError(`Expected at most ${mostEntries} entries.`);
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= maxSeconds) return seconds;
  throw new InvalidArgumentError('Expected a number of seconds above 0.');
}

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^[0-9]+$/.test(text) && limit >= 1 && limit <= 1_000) return limit;
  throw new InvalidArgumentError('Expected a whole number from 1 to 1000.');
}

export function parsePort(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Expected a port from 0 to 65535.');
}

export function parseSequenceNumber(text: string): number {
  if (/^[0-9]{1,9}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new InvalidArgumentError('Expected a whole number of at least 1.');
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `2h`, `7d` before now, or an RFC 3339 date, as epoch milliseconds. */
export function parseMoment(text: string): number {
  const span = /^([0-9]{1,9})([smhd])$/.exec(text);
  const at = span === null ? Date.parse(text) : Date.now() - Number(span[1]) * (units[span[2] ?? ''] ?? 0);
  if (Number.isFinite(at)) return Math.max(0, at);
  throw new InvalidArgumentError("Expected a time such as '30m', '7d' or '2026-01-31T12:00:00Z'.");
}

/** `30m`, `12h` or `90d`, in milliseconds. */
export function parseSpan(text: string): number {
  const [, count = '', unit = ''] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  const span = Number(count) * (units[unit] ?? 0);
  if (span > 0) return span;
  throw new InvalidArgumentError("Expected a duration such as '30m', '12h' or '90d'.");
}

/** For commands that work on the store of `llmteam dev` as well as on a NATS installation. */
export const onNats = ['--nats', 'use the configured NATS installation instead of the local store'] as const;

/** For commands that look for a NATS installation by themselves. */
export const expectNats = ['--nats', 'fail if there is no NATS server, even if none is configured'] as const;
