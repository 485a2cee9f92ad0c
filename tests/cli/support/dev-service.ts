/** `llmteam dev` as a process, in the folder of a {@link Cli}. */
import * as assert from 'uvu/assert';
import type { Cli } from './cli.js';

export interface DevService {
  readonly url: string;
  /** null: it was not the first start. */
  readonly key: string | null;
  /** In good order. */
  stop(): Promise<void>;
}

/** Waits for the address. `port`: 0 is any that is free. */
export async function startDev(cli: Cli, port = '0', options: readonly string[] = []): Promise<DevService> {
  const started = cli.start(['dev', '--port', port, ...options]);
  const text = await started.until('an address', ({ stdout }) =>
    /Listening on \S+\n/.test(stdout) ? stdout : undefined,
  );
  return {
    url: /Listening on (\S+)/.exec(text)?.[1] ?? '',
    key: /API key \(shown once\): (\S+)/.exec(text)?.[1] ?? null,
    stop: async () => {
      started.signal('SIGTERM');
      assert.is((await started.ended).code, 0);
    },
  };
}

/** What makes the commands ask a gateway. */
export function askingAt(url: string, key: string | null): { readonly environment: Record<string, string> } {
  return { environment: { LLMTEAM_URL: url, LLMTEAM_KEY: String(key) } };
}
