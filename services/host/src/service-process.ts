/**
 * Purpose: a process that serves until it is told to stop.
 * Owns: SIGTERM and SIGINT: the first begins an orderly end within a deadline, the second leaves at once; opening anew what lost its
 * server while it opened. Does not own: what is opened.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isLlmteamError, type Logger } from '@llmteam/contracts';
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
  readonly closeMs: number;
  /** Ends the process at once; called at the second signal. */
  readonly leave: () => void;
  /** How long opening is tried again if the server is lost meanwhile. Default 30,000. */
  readonly patienceMs?: number;
}

const stopSignals = ['SIGTERM', 'SIGINT'] as const;
const defaultPatienceMs = 30_000;
const pauseMs = 250;

/** Resolves once everything is closed. @throws what `open` threw, after closing what it had opened */
export async function runService(
  { log, closeMs, leave, patienceMs = defaultPatienceMs }: ServiceProcessOptions,
  open: (service: OpenService) => Promise<void>,
): Promise<ServiceEnd> {
  const lifecycle = new Lifecycle(log, closeMs);
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
  for (const signal of stopSignals) process.on(signal, receive);
  try {
    const service = { lifecycle, stopping: stopping.signal, fail };
    const opened = openPatiently(() => open(service), service, log, patienceMs);
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
    for (const signal of stopSignals) process.off(signal, receive);
  }
}

/** A server may be lost at any moment between the first thing that is opened and the last: then all is closed, and opened anew. */
async function openPatiently(
  open: () => Promise<void>,
  { lifecycle, stopping }: OpenService,
  log: Logger,
  patienceMs: number,
): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await open();
    } catch (err) {
      const mayPass = isLlmteamError(err) && err.code === 'BACKEND_UNREACHABLE';
      if (!mayPass || stopping.aborted || performance.now() >= until) throw err;
      log.warn({ err }, 'the server was lost while the service opened; it opens anew');
      await lifecycle.close();
      await sleep(pauseMs);
      if (stopping.aborted) throw err;
    }
  }
}
