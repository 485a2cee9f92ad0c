/**
 * Purpose: one followed run, shared by its readers: its events so far, then each new one as its entry arrives.
 * Owns: the run's state and the latest events as frames. Does not own: readers' positions, or where new entries come from.
 * Invariants:
 *   F1 Frames have no gaps from `first` to `lastSeq`; a reader that needs an earlier event reads the history.
 *   F2 An entry that arrives while the history is being read is applied after it, once: entries are identified by position.
 *   F3 Nothing follows the run's last event.
 *   F4 All frames of one entry are stored before any listener is notified: the last may be the end of the run.
 */
import { type Entry, type Json, LlmteamError, type RunKey } from '@llmteam/contracts';
import { type EventFrame, type Frame, frameOf, liveFrame } from './event-frame.js';
import { type HistoryDeps, hasEnded, RunReplayer, replayHistory } from './history.js';
import type { MemoryBudget } from './memory-budget.js';

export interface FollowerListener {
  /** There are new frames, `bytes` in total. */
  wake(bytes: number): void;
  live(frame: Frame): void;
  /** The run can no longer be followed here. */
  lost(): void;
}

export class RunFollower {
  readonly listeners = new Set<FollowerListener>();
  private readonly replayer: RunReplayer;
  private frames: EventFrame[] = [];
  private bytes = 0;
  /** Entries that arrived while the history was being read; null once it has been read. */
  private early: Entry[] | null = [];

  constructor(
    readonly key: RunKey,
    private readonly deps: HistoryDeps,
    private readonly budget: MemoryBudget,
  ) {
    this.replayer = new RunReplayer(key, deps.definitions);
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async open(): Promise<void> {
    for await (const event of replayHistory(this.deps, this.key, this.replayer)) this.add(frameOf(event));
    if (this.replayer.status === null) {
      throw new LlmteamError('RUN_UNKNOWN', `there is no run '${this.key.run_id}'`);
    }
    const early = this.early ?? [];
    this.early = null;
    for (const entry of early) this.accept(entry);
  }

  get hasEnded(): boolean {
    return this.early === null && hasEnded(this.replayer.status);
  }

  get lastSeq(): number {
    return this.replayer.seq;
  }

  /** Accepts a new entry of the run; entries arrive in order. */
  accept(entry: Entry): void {
    if (this.early !== null) {
      this.early.push(entry);
      return;
    }
    if (entry.position <= this.replayer.position) return;
    let frames: EventFrame[];
    try {
      frames = this.replayer.apply(entry).map(frameOf);
    } catch {
      this.lose();
      return;
    }
    if (frames.length === 0) return;
    for (const frame of frames) this.add(frame);
    const bytes = frames.reduce((sum, { sse }) => sum + sse.length, 0);
    for (const listener of [...this.listeners]) listener.wake(bytes);
  }

  acceptLive(message: Json): void {
    if (this.listeners.size === 0 || this.hasEnded) return;
    const frame = liveFrame(message);
    if (frame === null) return;
    for (const listener of [...this.listeners]) listener.live(frame);
  }

  lose(): void {
    for (const listener of [...this.listeners]) listener.lost();
  }

  /** The frame with that seq; `earlier` if it is no longer kept, null if there is none yet. */
  frame(seq: number): EventFrame | 'earlier' | null {
    const first = this.frames[0]?.seq ?? this.lastSeq + 1;
    if (seq < first) return 'earlier';
    return this.frames[seq - first] ?? null;
  }

  /** Reads the history again from a seq on, for a reader that is far behind. */
  async *earlier(fromSeq: number): AsyncGenerator<EventFrame> {
    const replayer = new RunReplayer(this.key, this.deps.definitions);
    for await (const event of replayHistory(this.deps, this.key, replayer)) {
      if (event.seq >= fromSeq) yield frameOf(event);
    }
  }

  close(): void {
    this.budget.release(this.bytes);
    this.frames = [];
    this.bytes = 0;
  }

  private add(frame: EventFrame): void {
    this.frames.push(frame);
    this.bytes += frame.sse.length;
    this.budget.take(frame.sse.length);
    while (this.frames.length > 1 && this.budget.isTooMuch(this.bytes)) {
      const dropped = this.frames.shift()?.sse.length ?? 0;
      this.bytes -= dropped;
      this.budget.release(dropped);
    }
  }
}
