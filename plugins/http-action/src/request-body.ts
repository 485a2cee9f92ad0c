import { type Json, LlmteamError } from '@llmteam/contracts';
import type { MultipartPart } from './body-config.js';
import type { HttpActionConfig, HttpMethod } from './config.js';

export interface RequestBody {
  readonly content: string | Uint8Array;
  readonly mediaType: string;
  /** Whether the media type describes the content so closely (a boundary) that no header may replace it. */
  readonly isTypeFixed: boolean;
}

const bodyless: readonly HttpMethod[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS'];

/** @throws LlmteamError `STEP_CONFIG_INVALID` for what is not base64 */
export async function requestBodyOf(
  config: HttpActionConfig,
  method: HttpMethod,
  input: Json,
): Promise<RequestBody | null> {
  const { body, form, multipart, text, binary } = config;
  if (form !== undefined) return plain(formText(form), 'application/x-www-form-urlencoded');
  if (multipart !== undefined) return multipartBody(multipart);
  if (text !== undefined) return plain(text, 'text/plain; charset=utf-8');
  if (binary !== undefined) return plain(bytesOf(binary, '`binary`'), 'application/octet-stream');
  if (body === null || (body === undefined && bodyless.includes(method))) return null;
  if (typeof body === 'string') return plain(body, 'text/plain; charset=utf-8');
  return plain(JSON.stringify(body ?? input), 'application/json');
}

function plain(content: string | Uint8Array, mediaType: string): RequestBody {
  return { content, mediaType, isTypeFixed: false };
}

function formText(form: NonNullable<HttpActionConfig['form']>): string {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null) fields.append(name, String(item));
    }
  }
  return fields.toString();
}

/** Encoded by the platform, in memory: a redirect may need it again, and a length is known. */
async function multipartBody(parts: readonly MultipartPart[]): Promise<RequestBody> {
  const data = new FormData();
  for (const part of parts) {
    const file = fileOf(part);
    if (file === null) data.append(part.name, String(part.value));
    else data.append(part.name, file);
  }
  const encoded = new Response(data);
  const mediaType = encoded.headers.get('content-type') ?? '';
  return { content: new Uint8Array(await encoded.arrayBuffer()), mediaType, isTypeFixed: true };
}

function fileOf({ name, value, base64, filename, content_type }: MultipartPart): File | null {
  if (base64 !== undefined) {
    const type = content_type ?? 'application/octet-stream';
    return new File([bytesOf(base64, `the part '${name}'`)], filename ?? name, { type });
  }
  if (filename === undefined && content_type === undefined) return null;
  return new File([String(value)], filename ?? name, { type: content_type ?? 'text/plain' });
}

/** `Buffer.from` skips what is not base64; the schema has checked the characters, so only the length can be wrong. */
function bytesOf(base64: string, place: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '')) return new Uint8Array(bytes);
  throw new LlmteamError('STEP_CONFIG_INVALID', `${place} is not base64`);
}
