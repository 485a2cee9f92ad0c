/**
 * Purpose: a process that serves until it is told to stop.
 * Owns: SIGTERM and SIGINT: the first begins an orderly end within a deadline, the second leaves at once. Does not own: what is opened.
 */
import type { Logger } from '@llmteam/contracts';
import { Lifecycle } from './lifecycle.js';

/** How a service process ended. */
export type ServiceEnd = 'stopped' | 'failed';

export interface OpenService {
  /** What is opened is closed in reverse order when the process stops. */
  readonly lifecycle: Lifecycle;
  /** Aborts when the process begins to stop. */
  readonly stopping: AbortSignal;
  /** The process cannot go on: it ends in good order, as failed. */
  fail(error: unknown): void;
}

export interface ServiceProcessOptions {
  readonly log: Logger;
  /** For each thing that is closed, unless it says otherwise. */
  readonly close_ms: number;
  /** Ends the process at once; called at the second signal. */
  readonly leave: () => void;
}

const stop_signals = ['SIGTERM', 'SIGINT'] as const;

/** Resolves once everything is closed. @throws what `open` threw, after closing what it had opened */
export async function run_service(
  { log, close_ms, leave }: ServiceProcessOptions,
  open: (service: OpenService) => Promise<void>,
): Promise<ServiceEnd> {
  const lifecycle = new Lifecycle(log, close_ms);
  const seen = { signals: 0 };
  let ask: (end: ServiceEnd) => void = () => undefined;
  const stopping = new AbortController();
  const asked = new Promise<ServiceEnd>((resolve) => {
    ask = (end) => {
      stopping.abort();
      resolve(end);
    };
  });
  const receive = (signal: NodeJS.Signals): void => {
    seen.signals++;
    if (seen.signals > 1) leave();
    log.info({ signal }, 'told to stop; once more leaves at once');
    ask('stopped');
  };
  const fail = (err: unknown): void => {
    log.error({ err }, 'the service cannot go on');
    ask('failed');
  };
  for (const signal of stop_signals) process.on(signal, receive);
  try {
    const opened = open({ lifecycle, stopping: stopping.signal, fail });
    // Told to stop while it still opens: what is open so far is closed; the rest ends with the process.
    opened.catch(() => undefined);
    await Promise.race([opened, asked]);
    const end = await asked;
    await lifecycle.close();
    return end;
  } catch (error) {
    await lifecycle.close();
    throw error;
  } finally {
    for (const signal of stop_signals) process.off(signal, receive);
  }
}
