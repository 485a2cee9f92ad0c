import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const sink = fileURLToPath(new URL('./span-sink.js', import.meta.url));

/** `work` gets the address for `tracing.endpoint`. */
export async function withSpanSink<T>(work: (endpoint: string) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [sink], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  try {
    const [port] = await once(child.stdout.setEncoding('utf8'), 'data');
    return await work(`http://127.0.0.1:${String(port).trim()}`);
  } finally {
    child.kill();
    await ended;
  }
}
