/** `llmteam dev` as a process, in the folder of a {@link Cli}. */
import * as assert from 'uvu/assert';
import type { Cli, Ended, Started } from './cli.js';

export interface DevService {
  readonly started: Started;
  readonly url: string;
  /** null unless it was the first start. */
  readonly key: string | null;
  /** Stops gracefully. Resolves to what it wrote. */
  stop(): Promise<Ended>;
}

/** Resolves once it prints its address. `port` 0 picks a free one. */
export async function startDev(
  cli: Cli,
  port = '0',
  options: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<DevService> {
  const started = cli.start(['dev', '--port', port, ...options], { environment });
  const text = await started.until('an address', ({ stdout }) =>
    /Listening on \S+\n/.test(stdout) ? stdout : undefined,
  );
  return {
    started,
    url: /Listening on (\S+)/.exec(text)?.[1] ?? '',
    key: /API key \(shown once\): (\S+)/.exec(text)?.[1] ?? null,
    stop: async () => {
      started.signal('SIGTERM');
      const ended = await started.ended;
      assert.is(ended.code, 0);
      return ended;
    },
  };
}

/** Environment variables that make commands use a gateway. */
export function askingAt(url: string, key: string | null): { readonly environment: Record<string, string> } {
  return { environment: { LLMTEAM_URL: url, LLMTEAM_KEY: String(key) } };
}
