import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context } from 'koa';

const compressing = promisify(gzip);

/** By the content itself: what is kept in a buffer is served many times, such as the API document. */
const compressed = new WeakMap<Buffer, Promise<Buffer>>();

/** Replaces a body that is a buffer by its compressed form, which is made once. */
export async function compressOnce(context: Context): Promise<void> {
  const { body } = context;
  if (!Buffer.isBuffer(body) || context.response.get('Content-Encoding') !== '') return;
  const made = compressed.get(body) ?? compressing(body);
  compressed.set(body, made);
  context.set('Content-Encoding', 'gzip');
  context.body = await made;
}
