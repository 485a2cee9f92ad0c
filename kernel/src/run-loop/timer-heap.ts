import type { Clock, RunKey, Timer } from '@llmteam/contracts';
import TinyQueue from 'tinyqueue';

/** A run, with the heap's own record of its timers. */
export interface TimerOwner extends RunKey {
  timers: Timers | null;
}

interface Armed {
  readonly owner: TimerOwner;
  readonly timer: string;
  readonly due_at: number;
  /** `fired`: it came due, and that is not in the journal yet. */
  stage: 'armed' | 'fired' | 'disarmed';
}

/** Most waiting runs have one timer or two; a map for each would be most of their memory. */
type Timers = Armed | Armed[] | Map<string, Armed>;

const maxInList = 16;
/** Timers whose firing is not in the journal yet. */
const maxFiring = 1_000;

/**
 * The timers of a partition's runs. They are part of the runs' states, so nothing is lost with this heap. One clock timer serves all.
 * Nothing fires before `start`. Disarmed timers are swept once they are the majority.
 */
export class TimerHeap {
  private heap = this.newHeap([]);
  private disarmed = 0;
  private firing = 0;
  private isStarted = false;
  private isStopped = false;
  private alarm: { readonly due_at: number; readonly timer: Timer } | null = null;

  constructor(
    private readonly clock: Clock,
    /** Resolves once the firing is in the journal. */
    private readonly fire: (run: RunKey, timer: string) => Promise<void>,
    /** Told how long after its time a timer fires. */
    private readonly fired: (lateMs: number) => void = () => undefined,
  ) {}

  get size(): number {
    return this.heap.length - this.disarmed;
  }

  /** Arming a timer twice is a no-op, also if it has fired since. */
  arm(owner: TimerOwner, timer: string, dueAt: number): void {
    const { timers } = owner;
    if (this.isStopped || (timers !== null && find(timers, timer) !== undefined)) return;
    const item: Armed = { owner, timer, due_at: dueAt, stage: 'armed' };
    owner.timers = timers === null ? item : withOneMore(timers, item);
    this.heap.push(item);
    this.setAlarm();
  }

  disarm(owner: TimerOwner, timer: string): void {
    const item = owner.timers === null ? undefined : find(owner.timers, timer);
    if (item !== undefined) this.remove(item);
  }

  /** Disarms all of a run's timers, or all but one. */
  disarmAll({ timers }: TimerOwner, but?: string): void {
    if (timers === null) return;
    for (const item of [...allOf(timers)]) if (item.timer !== but) this.remove(item);
  }

  start(): void {
    this.isStarted = true;
    this.setAlarm();
  }

  stop(): void {
    this.isStopped = true;
    this.alarm?.timer.cancel();
    this.alarm = null;
    this.heap = this.newHeap([]);
    this.disarmed = 0;
  }

  private newHeap(items: Armed[]): TinyQueue<Armed> {
    return new TinyQueue(items, (a, b) => a.due_at - b.due_at);
  }

  private remove(item: Armed): void {
    forget(item);
    if (item.stage === 'fired' || this.isStopped) return;
    item.stage = 'disarmed';
    this.disarmed++;
    if (this.disarmed < 1_000 || this.disarmed < this.heap.length / 2) return;
    this.heap = this.newHeap(this.heap.data.filter(({ stage }) => stage === 'armed'));
    this.disarmed = 0;
  }

  private setAlarm(): void {
    const next = this.heap.peek();
    if (!this.isStarted || this.isStopped || this.firing >= maxFiring || next === undefined) return;
    if (this.alarm !== null && this.alarm.due_at <= next.due_at) return;
    this.alarm?.timer.cancel();
    const delay = Math.max(0, next.due_at - this.clock.now());
    this.alarm = { due_at: next.due_at, timer: this.clock.after(delay, () => this.fireDue()) };
  }

  private fireDue(): void {
    this.alarm = null;
    const now = this.clock.now();
    for (let next = this.heap.peek(); next !== undefined; next = this.heap.peek()) {
      const isArmed = next.stage === 'armed';
      if (isArmed && (next.due_at > now || this.firing >= maxFiring)) break;
      this.heap.pop();
      if (isArmed) this.fireOne(next, now);
      else this.disarmed--;
    }
    this.setAlarm();
  }

  private fireOne(item: Armed, now: number): void {
    item.stage = 'fired';
    this.fired(now - item.due_at);
    this.firing++;
    void this.fire(item.owner, item.timer).then(() => {
      this.firing--;
      this.setAlarm();
    });
  }
}

function forget(item: Armed): void {
  const { timers } = item.owner;
  if (timers !== null) item.owner.timers = without(timers, item);
}

function* allOf(timers: Timers): Iterable<Armed> {
  if (timers instanceof Map) yield* timers.values();
  else if (Array.isArray(timers)) yield* timers;
  else yield timers;
}

function find(timers: Timers, timer: string): Armed | undefined {
  if (timers instanceof Map) return timers.get(timer);
  if (Array.isArray(timers)) return timers.find((item) => item.timer === timer);
  return timers.timer === timer ? timers : undefined;
}

function withOneMore(timers: Timers, item: Armed): Timers {
  if (timers instanceof Map) return timers.set(item.timer, item);
  const items = [...allOf(timers), item];
  return items.length <= maxInList ? items : new Map(items.map((one) => [one.timer, one]));
}

function without(timers: Timers, item: Armed): Timers | null {
  if (timers === item) return null;
  if (timers instanceof Map) {
    timers.delete(item.timer);
    return timers.size === 0 ? null : timers;
  }
  const rest = [...allOf(timers)].filter((one) => one !== item);
  return rest.length === 1 ? (rest[0] ?? null) : rest;
}
