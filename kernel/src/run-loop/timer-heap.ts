import type { Clock, RunKey, Timer } from '@llmteam/contracts';
import TinyQueue from 'tinyqueue';

interface Armed {
  readonly run: RunKey;
  readonly timer: string;
  readonly due_at: number;
  is_disarmed: boolean;
}

/** Most waiting runs have one timer or two: a map for each would be most of what they cost. */
type OfRun = Armed | Armed[] | Map<string, Armed>;

const most_in_list = 16;
/** Timers whose firing is not kept yet. */
const most_firing = 1_000;

/**
 * The timers of a partition's runs in memory: they are in the runs' states, so nothing is lost with this heap.
 * One clock timer stands for all. Nothing fires before `start`. Disarmed timers are swept once they are the greater part.
 */
export class TimerHeap {
  private heap = this.new_heap([]);
  private readonly armed = new Map<string, OfRun>();
  private disarmed = 0;
  private firing = 0;
  private is_started = false;
  private alarm: { readonly due_at: number; readonly timer: Timer } | null = null;

  constructor(
    private readonly clock: Clock,
    /** Resolves once it is kept that the timer fired. */
    private readonly fire: (run: RunKey, timer: string) => Promise<void>,
  ) {}

  get size(): number {
    return this.heap.length - this.disarmed;
  }

  /** Arming an armed timer again changes nothing. */
  arm(run: RunKey, timer: string, due_at: number): void {
    const of_run = this.armed.get(run.run_id);
    if (of_run !== undefined && find(of_run, timer) !== undefined) return;
    const item: Armed = { run, timer, due_at, is_disarmed: false };
    this.armed.set(run.run_id, of_run === undefined ? item : with_one_more(of_run, item));
    this.heap.push(item);
    this.set_alarm();
  }

  disarm(run: RunKey, timer: string): void {
    const of_run = this.armed.get(run.run_id);
    const item = of_run === undefined ? undefined : find(of_run, timer);
    if (item === undefined) return;
    this.forget(item);
    item.is_disarmed = true;
    this.disarmed++;
    this.sweep();
  }

  disarm_all(run: RunKey): void {
    const of_run = this.armed.get(run.run_id);
    if (of_run === undefined) return;
    for (const { timer } of [...all_of(of_run)]) this.disarm(run, timer);
  }

  start(): void {
    this.is_started = true;
    this.set_alarm();
  }

  stop(): void {
    this.is_started = false;
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
    if (!this.is_started || this.firing >= most_firing || next === undefined) return;
    if (this.alarm !== null && this.alarm.due_at <= next.due_at) return;
    this.alarm?.timer.cancel();
    const delay = Math.max(0, next.due_at - this.clock.now());
    this.alarm = { due_at: next.due_at, timer: this.clock.after(delay, () => this.fire_due()) };
  }

  private fire_due(): void {
    this.alarm = null;
    const now = this.clock.now();
    for (let next = this.heap.peek(); next !== undefined; next = this.heap.peek()) {
      if (!next.is_disarmed && (next.due_at > now || this.firing >= most_firing)) break;
      this.heap.pop();
      if (next.is_disarmed) this.disarmed--;
      else this.fire_one(next);
    }
    this.set_alarm();
  }

  private fire_one(item: Armed): void {
    this.forget(item);
    this.firing++;
    void this.fire(item.run, item.timer).then(() => {
      this.firing--;
      this.set_alarm();
    });
  }

  private forget(item: Armed): void {
    const { run_id } = item.run;
    const of_run = this.armed.get(run_id);
    const rest = of_run === undefined ? undefined : without(of_run, item);
    if (rest === undefined) this.armed.delete(run_id);
    else if (rest !== of_run) this.armed.set(run_id, rest);
  }
}

function* all_of(of_run: OfRun): Iterable<Armed> {
  if (of_run instanceof Map) yield* of_run.values();
  else if (Array.isArray(of_run)) yield* of_run;
  else yield of_run;
}

function find(of_run: OfRun, timer: string): Armed | undefined {
  if (of_run instanceof Map) return of_run.get(timer);
  if (Array.isArray(of_run)) return of_run.find((item) => item.timer === timer);
  return of_run.timer === timer ? of_run : undefined;
}

function with_one_more(of_run: OfRun, item: Armed): OfRun {
  if (of_run instanceof Map) return of_run.set(item.timer, item);
  const items = [...all_of(of_run), item];
  return items.length <= most_in_list ? items : new Map(items.map((one) => [one.timer, one]));
}

function without(of_run: OfRun, item: Armed): OfRun | undefined {
  if (of_run === item) return undefined;
  if (of_run instanceof Map) {
    of_run.delete(item.timer);
    return of_run.size === 0 ? undefined : of_run;
  }
  const rest = [...all_of(of_run)].filter((one) => one !== item);
  return rest.length === 1 ? rest[0] : rest;
}
