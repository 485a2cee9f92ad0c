/** Reading what people name on the command line, and writing what they asked for. `-` is stdin. */
import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { is_llmteam_error, type Json, LlmteamError } from '@llmteam/contracts';
import { parse_json } from '@llmteam/kernel';
import { system_reason } from '@llmteam/service-host';

/** Nothing that is allowed is larger; a file beyond it is not read into memory. */
const most_bytes = 64 * 1024 * 1024;

export function shown_name(file: string): string {
  return file === '-' ? '<stdin>' : file;
}

/** @throws LlmteamError `FILE_UNREADABLE`, `LIMIT_EXCEEDED`, or `JSON_INVALID` if it is not UTF-8 */
export async function read_text(file: string): Promise<string> {
  const bytes = file === '-' ? await read_stdin() : read_file(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LlmteamError('JSON_INVALID', `'${shown_name(file)}' is not UTF-8 text`, { cause });
  }
}

function read_file(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > most_bytes) throw too_large(file);
    return readFileSync(file);
  } catch (cause) {
    throw file_error('read', file, cause);
  }
}

async function read_stdin(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    size += part.length;
    if (size > most_bytes) throw too_large('-');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function too_large(file: string): LlmteamError {
  return new LlmteamError('LIMIT_EXCEEDED', `'${shown_name(file)}' has more than ${most_bytes} bytes`);
}

function file_error(verb: 'read' | 'write', file: string, cause: unknown): LlmteamError {
  if (is_llmteam_error(cause)) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const reason = verb === 'write' && code === 'ENOENT' ? 'its folder does not exist' : system_reason(cause);
  return new LlmteamError('FILE_UNREADABLE', `cannot ${verb} '${file}': ${reason}`, { cause });
}

/** Fails early for a file that could not be written after a long run. @throws LlmteamError `FILE_UNREADABLE` */
export function check_writable(file: string | undefined): void {
  if (file === undefined) return;
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    accessSync(found === undefined ? dirname(resolve(file)) : file, constants.W_OK);
  } catch (cause) {
    throw file_error('write', file, cause);
  }
}

/** @throws LlmteamError `FILE_UNREADABLE` */
export function write_text(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw file_error('write', file, cause);
  }
}

/** JSON given as an argument. @throws LlmteamError `JSON_INVALID`, naming the option */
export function parse_argument(option: string, text: string): Json {
  return parse_named(option, text);
}

/** @throws LlmteamError `FILE_UNREADABLE`, `JSON_INVALID`, naming the file */
export async function read_json(file: string): Promise<Json> {
  return parse_named(`'${shown_name(file)}'`, await read_text(file));
}

function parse_named(name: string, text: string): Json {
  try {
    return parse_json(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmteamError('JSON_INVALID', `${name}: ${reason}`, { cause });
  }
}
