/** Reads and writes the files named on the command line. `-` is stdin. */
import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isLlmteamError, type Json, LlmteamError } from '@llmteam/contracts';
import { parseJson } from '@llmteam/kernel';
import { systemReason } from '@llmteam/service-host';
import { syntaxErrorOf } from './notations.js';

/** No valid input is larger; larger files are not read into memory. */
const maxBytes = 64 * 1024 * 1024;

export function shownName(file: string): string {
  return file === '-' ? '<stdin>' : file;
}

/** @throws LlmteamError `FILE_UNREADABLE`, `LIMIT_EXCEEDED`, or `JSON_INVALID` or `YAML_INVALID` if it is not UTF-8 */
export async function readText(file: string): Promise<string> {
  const bytes = file === '-' ? await readStdin() : readFile(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LlmteamError(syntaxErrorOf(file), `'${shownName(file)}' is not UTF-8 text`, { cause });
  }
}

function readFile(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > maxBytes) throw tooLarge(file);
    return readFileSync(file);
  } catch (cause) {
    throw fileError('read', file, cause);
  }
}

async function readStdin(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    size += part.length;
    if (size > maxBytes) throw tooLarge('-');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function tooLarge(file: string): LlmteamError {
  return new LlmteamError('LIMIT_EXCEEDED', `'${shownName(file)}' is larger than ${maxBytes} bytes`);
}

function fileError(verb: 'read' | 'write', file: string, cause: unknown): LlmteamError {
  if (isLlmteamError(cause)) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const reason = verb === 'write' && code === 'ENOENT' ? 'its folder does not exist' : systemReason(cause);
  return new LlmteamError('FILE_UNREADABLE', `cannot ${verb} '${file}': ${reason}`, { cause });
}

/** Fails early instead of after a long run. @throws LlmteamError `FILE_UNREADABLE` */
export function checkWritable(file: string | undefined): void {
  if (file === undefined) return;
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    accessSync(found === undefined ? dirname(resolve(file)) : file, constants.W_OK);
  } catch (cause) {
    throw fileError('write', file, cause);
  }
}

/** @throws LlmteamError `FILE_UNREADABLE` */
export function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw fileError('write', file, cause);
  }
}

/** JSON given as an argument. @throws LlmteamError `JSON_INVALID`, naming the option */
export function parseArgument(option: string, text: string): Json {
  return parseNamed(option, text);
}

/** @throws LlmteamError `FILE_UNREADABLE`, `JSON_INVALID`, naming the file */
export async function readJson(file: string): Promise<Json> {
  return parseNamed(`'${shownName(file)}'`, await readText(file));
}

/** `Berlin` is text; a value that starts like a JSON string, array or object must be valid JSON. @throws LlmteamError `JSON_INVALID` */
export function jsonOrText(option: string, text: string): Json {
  if (/^\s*["[{]/.test(text)) return parseArgument(option, text);
  try {
    return parseArgument(option, text);
  } catch {
    return text;
  }
}

function parseNamed(name: string, text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmteamError('JSON_INVALID', `${name}: ${reason}`, { cause });
  }
}
