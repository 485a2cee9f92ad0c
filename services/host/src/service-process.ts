/**
 * Purpose: a process that runs until it is told to stop.
 * Owns: SIGTERM and SIGINT: the first starts a graceful shutdown within a deadline, the second exits immediately; reopening
 * everything if the server is lost during startup. Does not own: what is opened.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isLlmteamError, type Logger } from '@llmteam/contracts';
import { Lifecycle } from './lifecycle.js';

/** How a service process ended. */
export type ServiceEnd = 'stopped' | 'failed';

export interface OpenService {
  /** Everything registered here is closed in reverse order when the process stops. */
  readonly lifecycle: Lifecycle;
  /** Aborts when the process begins to stop. */
  readonly stopping: AbortSignal;
  /** The process cannot continue: it shuts down gracefully, as failed. */
  fail(error: unknown): void;
}

export interface ServiceProcessOptions {
  readonly log: Logger;
  /** Default deadline for closing each component. */
  readonly closeMs: number;
  /** Ends the process at once; called at the second signal. */
  readonly leave: () => void;
  /** How long startup is retried if the server is lost meanwhile. Default 30,000. */
  readonly patienceMs?: number;
}

const stopSignals = ['SIGTERM', 'SIGINT'] as const;
const defaultPatienceMs = 30_000;
const pauseMs = 250;

/** Resolves once everything is closed. @throws the error of `open`, after closing what it had opened */
export async function runService(
  { log, closeMs, leave, patienceMs = defaultPatienceMs }: ServiceProcessOptions,
  open: (service: OpenService) => Promise<void>,
): Promise<ServiceEnd> {
  const lifecycle = new Lifecycle(log, closeMs);
  const seen = { signals: 0 };
  let requestStop: (end: ServiceEnd) => void = () => undefined;
  const stopping = new AbortController();
  const stopRequested = new Promise<ServiceEnd>((resolve) => {
    requestStop = (end) => {
      stopping.abort();
      resolve(end);
    };
  });
  const receive = (signal: NodeJS.Signals): void => {
    seen.signals++;
    if (seen.signals > 1) leave();
    log.info({ signal }, 'stopping; a second signal exits immediately');
    requestStop('stopped');
  };
  const fail = (err: unknown): void => {
    log.error({ err }, 'the service failed and is stopping');
    requestStop('failed');
  };
  for (const signal of stopSignals) process.on(signal, receive);
  try {
    const service = { lifecycle, stopping: stopping.signal, fail };
    const opened = openPatiently(() => open(service), service, log, patienceMs);
    // If it is stopped during startup, what is open so far is closed; the rest ends with the process.
    opened.catch(() => undefined);
    await Promise.race([opened, stopRequested]);
    const end = await stopRequested;
    await lifecycle.close();
    return end;
  } catch (error) {
    await lifecycle.close();
    throw error;
  } finally {
    for (const signal of stopSignals) process.off(signal, receive);
  }
}

/** If the server is lost at any point during startup, everything is closed and opened again. */
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
      log.warn({ err }, 'the server was lost during startup; starting over');
      await lifecycle.close();
      await sleep(pauseMs);
      if (stopping.aborted) throw err;
    }
  }
}
