import type { Clock, RunKey, Timer } from '@llmteam/contracts';
import TinyQueue from 'tinyqueue';

interface Armed {
  readonly run: RunKey;
  readonly timer: string;
  readonly due_at: number;
  is_disarmed: boolean;
}

/**
 * The timers of a partition's runs in memory: they are in the runs' states, so nothing is lost with this heap.
 * One clock timer stands for all. Disarmed timers are swept once they are the greater part.
 */
export class TimerHeap {
  private heap = this.new_heap([]);
  private readonly armed = new Map<string, Map<string, Armed>>();
  private disarmed = 0;
  private alarm: { readonly due_at: number; readonly timer: Timer } | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly fire: (run: RunKey, timer: string) => void,
  ) {}

  get size(): number {
    return this.heap.length - this.disarmed;
  }

  /** Arming an armed timer again changes nothing. */
  arm(run: RunKey, timer: string, due_at: number): void {
    const of_run = this.armed.get(run.run_id) ?? new Map<string, Armed>();
    if (of_run.has(timer)) return;
    const item: Armed = { run, timer, due_at, is_disarmed: false };
    of_run.set(timer, item);
    this.armed.set(run.run_id, of_run);
    this.heap.push(item);
    this.set_alarm();
  }

  disarm(run: RunKey, timer: string): void {
    const of_run = this.armed.get(run.run_id);
    const item = of_run?.get(timer);
    if (of_run === undefined || item === undefined) return;
    of_run.delete(timer);
    if (of_run.size === 0) this.armed.delete(run.run_id);
    item.is_disarmed = true;
    this.disarmed++;
    this.sweep();
  }

  disarm_all(run: RunKey): void {
    for (const timer of [...(this.armed.get(run.run_id)?.keys() ?? [])]) this.disarm(run, timer);
  }

  stop(): void {
    this.alarm?.timer.cancel();
    this.alarm = null;
    this.heap = this.new_heap([]);
    this.armed.clear();
    this.disarmed = 0;
  }

  private new_heap(items: Armed[]): TinyQueue<Armed> {
    return new TinyQueue(items, (a, b) => a.due_at - b.due_at);
  }

  private sweep(): void {
    if (this.disarmed < 1_000 || this.disarmed < this.heap.length / 2) return;
    this.heap = this.new_heap(this.heap.data.filter((item) => !item.is_disarmed));
    this.disarmed = 0;
  }

  private set_alarm(): void {
    const next = this.heap.peek();
    if (next === undefined || (this.alarm !== null && this.alarm.due_at <= next.due_at)) return;
    this.alarm?.timer.cancel();
    const delay = Math.max(0, next.due_at - this.clock.now());
    this.alarm = { due_at: next.due_at, timer: this.clock.after(delay, () => this.fire_due()) };
  }

  private fire_due(): void {
    this.alarm = null;
    const now = this.clock.now();
    for (let next = this.heap.peek(); next !== undefined; next = this.heap.peek()) {
      if (!next.is_disarmed && next.due_at > now) break;
      this.heap.pop();
      if (next.is_disarmed) this.disarmed--;
      else {
        this.forget(next);
        this.fire(next.run, next.timer);
      }
    }
    this.set_alarm();
  }

  private forget(item: Armed): void {
    const of_run = this.armed.get(item.run.run_id);
    of_run?.delete(item.timer);
    if (of_run?.size === 0) this.armed.delete(item.run.run_id);
  }
}
