import type { Clock, RunKey, Timer } from '@llmteam/contracts';
import TinyQueue from 'tinyqueue';

/** A run, and what the heap keeps of it. */
export interface TimerOwner extends RunKey {
  timers: Timers | null;
}

interface Armed {
  readonly owner: TimerOwner;
  readonly timer: string;
  readonly due_at: number;
  /** `fired`: it came due, and its owner has not been told yet. */
  stage: 'armed' | 'fired' | 'disarmed';
}

/** Most waiting runs have one timer or two: a map for each would be most of what they cost. */
type Timers = Armed | Armed[] | Map<string, Armed>;

const most_in_list = 16;
/** Timers whose firing is not kept yet. */
const most_firing = 1_000;

/**
 * The timers of a partition's runs in memory: they are in the runs' states, so nothing is lost with this heap.
 * One clock timer stands for all. Nothing fires before `start`. Disarmed timers are swept once they are the greater part.
 */
export class TimerHeap {
  private heap = this.new_heap([]);
  private disarmed = 0;
  private firing = 0;
  private is_started = false;
  private is_stopped = false;
  private alarm: { readonly due_at: number; readonly timer: Timer } | null = null;

  constructor(
    private readonly clock: Clock,
    /** Resolves once it is kept that the timer fired. */
    private readonly fire: (run: RunKey, timer: string) => Promise<void>,
  ) {}

  get size(): number {
    return this.heap.length - this.disarmed;
  }

  /** Arming a timer again changes nothing, also if it has fired since. */
  arm(owner: TimerOwner, timer: string, due_at: number): void {
    const { timers } = owner;
    if (this.is_stopped || (timers !== null && find(timers, timer) !== undefined)) return;
    const item: Armed = { owner, timer, due_at, stage: 'armed' };
    owner.timers = timers === null ? item : with_one_more(timers, item);
    this.heap.push(item);
    this.set_alarm();
  }

  disarm(owner: TimerOwner, timer: string): void {
    const item = owner.timers === null ? undefined : find(owner.timers, timer);
    if (item !== undefined) this.take_out(item);
  }

  /** All of a run's timers, or all but one. */
  disarm_all({ timers }: TimerOwner, but?: string): void {
    if (timers === null) return;
    for (const item of [...all_of(timers)]) if (item.timer !== but) this.take_out(item);
  }

  start(): void {
    this.is_started = true;
    this.set_alarm();
  }

  stop(): void {
    this.is_stopped = true;
    this.alarm?.timer.cancel();
    this.alarm = null;
    this.heap = this.new_heap([]);
    this.disarmed = 0;
  }

  private new_heap(items: Armed[]): TinyQueue<Armed> {
    return new TinyQueue(items, (a, b) => a.due_at - b.due_at);
  }

  private take_out(item: Armed): void {
    forget(item);
    if (item.stage === 'fired' || this.is_stopped) return;
    item.stage = 'disarmed';
    this.disarmed++;
    if (this.disarmed < 1_000 || this.disarmed < this.heap.length / 2) return;
    this.heap = this.new_heap(this.heap.data.filter(({ stage }) => stage === 'armed'));
    this.disarmed = 0;
  }

  private set_alarm(): void {
    const next = this.heap.peek();
    if (!this.is_started || this.is_stopped || this.firing >= most_firing || next === undefined) return;
    if (this.alarm !== null && this.alarm.due_at <= next.due_at) return;
    this.alarm?.timer.cancel();
    const delay = Math.max(0, next.due_at - this.clock.now());
    this.alarm = { due_at: next.due_at, timer: this.clock.after(delay, () => this.fire_due()) };
  }

  private fire_due(): void {
    this.alarm = null;
    const now = this.clock.now();
    for (let next = this.heap.peek(); next !== undefined; next = this.heap.peek()) {
      const is_armed = next.stage === 'armed';
      if (is_armed && (next.due_at > now || this.firing >= most_firing)) break;
      this.heap.pop();
      if (is_armed) this.fire_one(next);
      else this.disarmed--;
    }
    this.set_alarm();
  }

  private fire_one(item: Armed): void {
    item.stage = 'fired';
    this.firing++;
    void this.fire(item.owner, item.timer).then(() => {
      this.firing--;
      this.set_alarm();
    });
  }
}

function forget(item: Armed): void {
  const { timers } = item.owner;
  if (timers !== null) item.owner.timers = without(timers, item);
}

function* all_of(timers: Timers): Iterable<Armed> {
  if (timers instanceof Map) yield* timers.values();
  else if (Array.isArray(timers)) yield* timers;
  else yield timers;
}

function find(timers: Timers, timer: string): Armed | undefined {
  if (timers instanceof Map) return timers.get(timer);
  if (Array.isArray(timers)) return timers.find((item) => item.timer === timer);
  return timers.timer === timer ? timers : undefined;
}

function with_one_more(timers: Timers, item: Armed): Timers {
  if (timers instanceof Map) return timers.set(item.timer, item);
  const items = [...all_of(timers), item];
  return items.length <= most_in_list ? items : new Map(items.map((one) => [one.timer, one]));
}

function without(timers: Timers, item: Armed): Timers | null {
  if (timers === item) return null;
  if (timers instanceof Map) {
    timers.delete(item.timer);
    return timers.size === 0 ? null : timers;
  }
  const rest = [...all_of(timers)].filter((one) => one !== item);
  return rest.length === 1 ? (rest[0] ?? null) : rest;
}
