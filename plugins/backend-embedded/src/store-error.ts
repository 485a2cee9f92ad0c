import { type Code, isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { sqliteCode } from './sqlite-driver.js';

/** Error codes by SQLite's primary result code. */
const sqliteMeanings: ReadonlyMap<number, Code> = new Map([
  [3, 'FILE_UNREADABLE'], // SQLITE_PERM
  [5, 'STORE_LOCKED'], // SQLITE_BUSY
  [8, 'FILE_UNREADABLE'], // SQLITE_READONLY
  [11, 'STORE_CORRUPT'], // SQLITE_CORRUPT
  [13, 'STORE_FULL'], // SQLITE_FULL
  [14, 'FILE_UNREADABLE'], // SQLITE_CANTOPEN
  [26, 'STORE_CORRUPT'], // SQLITE_NOTADB
]);

const systemMeanings: ReadonlyMap<string, Code> = new Map([
  ['ENOSPC', 'STORE_FULL'],
  ['EDQUOT', 'STORE_FULL'],
  ['EACCES', 'FILE_UNREADABLE'],
  ['EPERM', 'FILE_UNREADABLE'],
  ['EROFS', 'FILE_UNREADABLE'],
  ['EEXIST', 'FILE_UNREADABLE'],
  ['ENOENT', 'FILE_UNREADABLE'],
  ['ENOTDIR', 'FILE_UNREADABLE'],
  ['EISDIR', 'FILE_UNREADABLE'],
]);

const explanations: Partial<Record<Code, string>> = {
  STORE_LOCKED: 'another process has it open',
  STORE_FULL: 'the disk is full',
  STORE_CORRUPT: 'it is damaged or not a database',
  FILE_UNREADABLE: 'it cannot be read and written',
};

/** More specific explanations by system error code. */
const systemExplanations: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'there is no permission to write it'],
  ['EPERM', 'there is no permission to write it'],
  ['EROFS', 'the file system is read-only'],
]);

/** Converts a file system or SQLite error of the store in `folder`; `STORE_FAILED` by default. */
export function storeError(folder: string, thrown: unknown): LlmteamError {
  if (isLlmteamError(thrown)) return thrown;
  const code = meaningOf(thrown);
  const known = systemExplanations.get(systemCode(thrown) ?? '') ?? explanations[code];
  const reason = known ?? (thrown instanceof Error ? thrown.message : String(thrown));
  return new LlmteamError(code, `The store in ${folder} failed: ${reason}`, { cause: thrown });
}

function meaningOf(thrown: unknown): Code {
  const number = sqliteCode(thrown);
  if (number !== null) return sqliteMeanings.get(number) ?? 'STORE_FAILED';
  return systemMeanings.get(systemCode(thrown) ?? '') ?? 'STORE_FAILED';
}

/** E.g. `ENOENT`; undefined if it is not a system error. */
export function systemCode(thrown: unknown): string | undefined {
  const named = typeof thrown === 'object' && thrown !== null && 'code' in thrown;
  return named && typeof thrown.code === 'string' ? thrown.code : undefined;
}
