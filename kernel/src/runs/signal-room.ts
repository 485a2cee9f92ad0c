import { caps, LlmteamError, type RunKey } from '@llmteam/contracts';
import type { SignalState } from '../engine/state.js';

interface Unread {
  readonly signals: readonly SignalState[];
  /** Whether a step waits for the signal to be sent. */
  readonly isAwaited: boolean;
}

interface Amount {
  count: number;
  bytes: number;
}

/** A signal that a step waits for now is taken beyond the limits, up to this factor: it is not kept, and it lets the run go on. */
const factorOfAwaited = 2;

/** Limits the signals that a run keeps unread, those that are on their way to its history included. */
export class SignalRoom {
  private readonly underWay = new Map<string, Amount>();

  /** Returns a function to call once the signal is in the history, or refused. @throws LlmteamError `LIMIT_EXCEEDED` */
  take({ tenant_id, run_id }: RunKey, { signals, isAwaited }: Unread, bytes: number): () => void {
    const id = `${tenant_id}/${run_id}`;
    const amount = this.underWay.get(id) ?? { count: 0, bytes: 0 };
    const unreadBytes = signals.reduce((sum, signal) => sum + signal.bytes, 0);
    const factor = isAwaited ? factorOfAwaited : 1;
    check(run_id, signals.length + amount.count + 1, factor * caps.buffered_signals_per_run, 'signals');
    check(run_id, unreadBytes + amount.bytes + bytes, factor * caps.buffered_signal_bytes, 'bytes of signals');
    amount.count += 1;
    amount.bytes += bytes;
    this.underWay.set(id, amount);
    return () => {
      amount.count -= 1;
      amount.bytes -= bytes;
      if (amount.count === 0) this.underWay.delete(id);
    };
  }
}

function check(runId: string, wanted: number, cap: number, what: string): void {
  if (wanted <= cap) return;
  const kept = `${cap.toLocaleString('en')} ${what} that no step has waited for yet`;
  throw new LlmteamError('LIMIT_EXCEEDED', `run '${runId}' keeps at most ${kept}`);
}
