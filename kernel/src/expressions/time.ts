/**
 * Timestamps and durations. There is no current time and no named time zone: clocks and zone databases differ between
 * machines.
 */

import { cost } from './cost.js';
import { Failure } from './evaluation.js';
import { type Overload, overload } from './overloads.js';
import { Duration, Timestamp } from './values.js';

export const nanosecondsPerSecond = 1_000_000_000n;
/** Year 1 to year 9999, in nanoseconds since 1970 UTC. */
const earliest = -62_135_596_800n * nanosecondsPerSecond;
const latest = 253_402_300_800n * nanosecondsPerSecond - 1n;
const maxDuration = 315_576_000_000n * nanosecondsPerSecond;

/** Creates a timestamp; fails outside the years 1 to 9999. */
export function timestamp(nanoseconds: bigint, offset: number): Timestamp {
  if (nanoseconds >= earliest && nanoseconds <= latest) return new Timestamp(nanoseconds);
  throw new Failure('a timestamp lies in the years 1 to 9999', offset);
}

/** Creates a duration; fails beyond about 10,000 years. */
export function duration(nanoseconds: bigint, offset: number): Duration {
  if (nanoseconds >= -maxDuration && nanoseconds <= maxDuration) return new Duration(nanoseconds);
  throw new Failure('a duration has at most 315576000000 seconds', offset);
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

function parseTimestamp(text: string, offset: number): Timestamp {
  const [, date = '', fraction = '', zone = ''] = (text.length <= 64 && rfc3339.exec(text)) || [];
  const milliseconds = Date.parse(`${date}Z`);
  // Date.parse() reads 30 February as 2 March; formatting it back reveals that.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 19) !== date) {
    throw new Failure('timestamp() takes RFC 3339 text, e.g. "2026-01-31T09:30:00Z"', offset);
  }
  const local = BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return timestamp(local - BigInt(zoneSeconds(zone === 'Z' ? 'UTC' : zone, offset)) * nanosecondsPerSecond, offset);
}

/** The zone's offset from UTC, in seconds. */
function zoneSeconds(zone: string, offset: number): number {
  if (zone === 'UTC') return 0;
  const [, sign, hours, minutes] = (zone.length <= 6 && /^([+-])([01]\d|2[0-3]):([0-5]\d)$/.exec(zone)) || [];
  if (sign === undefined) throw new Failure('a time zone is "UTC" or an offset like "+01:00"', offset);
  const seconds = Number(hours) * 3_600 + Number(minutes) * 60;
  return sign === '-' ? -seconds : seconds;
}

const unitNanoseconds: Readonly<Record<string, bigint>> = {
  h: 3_600n * nanosecondsPerSecond,
  m: 60n * nanosecondsPerSecond,
  s: nanosecondsPerSecond,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
};

function parseDuration(text: string, offset: number): Duration {
  if (text.length > 64 || !/^[+-]?(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/.test(text)) {
    throw new Failure('duration() takes text like "1h30m" or "2.5s"', offset);
  }
  let nanoseconds = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d+)(?:\.(\d+))?(h|ms|m|s|us|µs|ns)/g)) {
    const size = unitNanoseconds[unit] ?? 0n;
    nanoseconds += BigInt(whole) * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
  }
  return duration(text.startsWith('-') ? -nanoseconds : nanoseconds, offset);
}

/** `.500`, `.000001`: digits in groups of three; empty for whole seconds. */
function fractionText(nanoseconds: bigint): string {
  const digits = nanoseconds
    .toString()
    .padStart(9, '0')
    .replace(/(?:000)+$/, '');
  return digits === '' ? '' : `.${digits}`;
}

/** RFC 3339 in UTC: `2026-01-31T09:30:00Z`. */
export function timestampText({ nanoseconds }: Timestamp): string {
  const fraction = ((nanoseconds % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond;
  const seconds = (nanoseconds - fraction) / nanosecondsPerSecond;
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}${fractionText(fraction)}Z`;
}

/** Seconds: `5400s`, `-0.500s`. */
export function durationText({ nanoseconds }: Duration): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const text = `${size / nanosecondsPerSecond}${fractionText(size % nanosecondsPerSecond)}s`;
  return nanoseconds < 0n ? `-${text}` : text;
}

/** Reads a part of the date in a time zone, UTC by default. */
function datePart(part: (date: Date) => number): readonly Overload[] {
  const read = ({ nanoseconds }: Timestamp, zone: string, offset: number) => {
    const fraction = ((nanoseconds % 1_000_000n) + 1_000_000n) % 1_000_000n;
    return part(new Date(Number((nanoseconds - fraction) / 1_000_000n) + zoneSeconds(zone, offset) * 1_000));
  };
  return [
    overload(['timestamp'], 'int', (run, offset, moment) => {
      run.charge(cost.format, offset);
      return read(moment, 'UTC', offset);
    }),
    overload(['timestamp', 'string'], 'int', (run, offset, moment, zone) => {
      run.charge(cost.format, offset);
      return read(moment, zone, offset);
    }),
  ];
}

function dayOfYear(date: Date): number {
  const year = new Date(date);
  year.setUTCMonth(0, 1);
  return Math.round((date.getTime() - year.getTime()) / 86_400_000);
}

/** The duration in whole units, truncated towards zero. */
function whole(unit: string): Overload {
  return overload(['duration'], 'int', (_, __, { nanoseconds }) => Number(nanoseconds / (unitNanoseconds[unit] ?? 1n)));
}

export const timeFunctions: Readonly<Record<string, readonly Overload[]>> = {
  timestamp: [
    overload(['string'], 'timestamp', (run, offset, text) => {
      run.charge(cost.format, offset);
      return parseTimestamp(text, offset);
    }),
    overload(['int'], 'timestamp', (run, offset, seconds) => {
      run.charge(cost.moment, offset);
      return timestamp(BigInt(seconds) * nanosecondsPerSecond, offset);
    }),
    overload(['timestamp'], 'timestamp', (_, __, moment) => moment),
  ],
  duration: [
    overload(['string'], 'duration', (run, offset, text) => {
      run.charge(cost.format, offset);
      return parseDuration(text, offset);
    }),
    overload(['int'], 'duration', (run, offset, seconds) => {
      run.charge(cost.moment, offset);
      return duration(BigInt(seconds) * nanosecondsPerSecond, offset);
    }),
    overload(['duration'], 'duration', (_, __, span) => span),
  ],
};

export const timeMethods: Readonly<Record<string, readonly Overload[]>> = {
  getFullYear: datePart((date) => date.getUTCFullYear()),
  getMonth: datePart((date) => date.getUTCMonth()),
  getDate: datePart((date) => date.getUTCDate()),
  getDayOfMonth: datePart((date) => date.getUTCDate() - 1),
  getDayOfWeek: datePart((date) => date.getUTCDay()),
  getDayOfYear: datePart(dayOfYear),
  getHours: [...datePart((date) => date.getUTCHours()), whole('h')],
  getMinutes: [...datePart((date) => date.getUTCMinutes()), whole('m')],
  getSeconds: [...datePart((date) => date.getUTCSeconds()), whole('s')],
  getMilliseconds: [...datePart((date) => date.getUTCMilliseconds()), whole('ms')],
};
