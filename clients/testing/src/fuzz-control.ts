/**
 * Purpose: random lives of a step of a control type. Owns: occurring only what can occur: timers that were set, scopes that were
 * opened, inner steps that were run.
 */
import { type Directive, errorInfo, type Json, type JsonObject, type Occurrence } from '@llmteam/contracts';
import fc from 'fast-check';
import { type AnyControlType, ControlStep } from './control-step.js';
import { driveControl, type TimedOccurrence } from './drive-control.js';

export interface FuzzControlOptions {
  /** Default: the examples of the type, or `{}`. */
  readonly configs?: readonly JsonObject[];
  /** How many lives. Default 200. */
  readonly runs?: number;
  /** A failure names its seed, which repeats it. Default: another one each time. */
  readonly seed?: number;
}

const longestLife = 12;

/** Values as the engine passes them: read from JSON text, without `-0` and forbidden keys. */
const json = fc
  .jsonValue()
  .map((value) => JSON.stringify(value))
  .filter((text) => !text.includes('__proto__'))
  .map((text) => JSON.parse(text) as Json);

/**
 * Checks that a control type neither throws, nor depends on anything but its arguments, whatever happens to a step.
 * @throws Error with the shortest life found that goes wrong
 */
export function fuzzControl(type: AnyControlType, options: FuzzControlOptions = {}): void {
  const { examples } = type.metadata;
  const { configs = examples.length > 0 ? examples : [{}], runs = 200, seed } = options;
  const config = fc.constantFrom(...configs);
  const choices = fc.array(fc.record({ pick: fc.nat(), value: json }), { maxLength: longestLife });
  const property = fc.property(config, json, choices, (chosen, input, picks) => {
    const given = { config: chosen, input };
    driveControl(type, given, lifeOf(new ControlStep(type, given), picks));
  });
  const found = fc.check(property, { numRuns: runs, ...(seed !== undefined && { seed }) });
  if (found.counterexample === null) return;
  const [chosen, input, picks] = found.counterexample;
  const life = lifeOf(new ControlStep(type, { config: chosen, input }), picks);
  const cause = found.errorInstance;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const told = JSON.stringify({ config: chosen, input, occurrences: life });
  throw new Error(`step type '${type.metadata.type_id}' (seed ${found.seed}), given ${told}: ${reason}`, { cause });
}

interface Choice {
  readonly pick: number;
  readonly value: Json;
}

/** Each choice picks one of what may happen next. A life ends early with its step. */
function lifeOf(step: ControlStep, choices: readonly Choice[]): TimedOccurrence[] {
  const world = new World(step.type, step);
  const life: TimedOccurrence[] = [];
  for (const [place, choice] of [{ pick: 0, value: null }, ...choices].entries()) {
    const possible = place === 0 ? [{ kind: 'started' } as const] : world.possible(choice);
    const occurrence = possible[choice.pick % Math.max(1, possible.length)];
    if (occurrence === undefined || step.hasEnded) break;
    const timed = { ...occurrence, now: place * 1_000 };
    life.push(timed);
    world.apply(occurrence, tell(step, occurrence, timed.now));
  }
  return life;
}

/** What throws here throws again when the whole life is driven, and is reported then. */
function tell(step: ControlStep, occurrence: Occurrence, now: number): readonly Directive[] {
  try {
    return step.tell(occurrence, now);
  } catch {
    step.hasEnded = true;
    return [];
  }
}

const error = errorInfo('STEP_FAILED', 'made up by a test');

/** What is outstanding between the step and the engine. */
class World {
  private readonly timers = new Set<string>();
  private readonly signals: string[] = [];
  private readonly scopes = new Set<number>();
  private readonly inner = new Map<number, string>();
  private tasks = 0;
  private children = 0;
  private edges = 0;
  private areInputsOpen: boolean;

  constructor(
    private readonly type: AnyControlType,
    private readonly step: ControlStep,
  ) {
    this.areInputsOpen = type.activation === 'each';
  }

  possible({ value }: Choice): Occurrence[] {
    return [
      ...this.inputs(value),
      ...[...this.timers].map((name): Occurrence => ({ kind: 'timer_fired', name })),
      ...this.signals.map((name): Occurrence => ({ kind: 'signal_received', name, payload: value })),
      ...[...this.scopes].flatMap((index): Occurrence[] => [
        { kind: 'scope_completed', index, value },
        { kind: 'scope_failed', index, error },
      ]),
      ...[...this.inner].flatMap(([index, stepId]): Occurrence[] => [
        { kind: 'step_completed', index, step_id: stepId, ports: { output: value } },
        { kind: 'step_failed', index, step_id: stepId, error },
      ]),
      ...(this.tasks > 0
        ? (['approve', 'reject'] as const).map((decision): Occurrence => {
            return { kind: 'task_answered', answer: { decision, value, answered_by: 'someone' } };
          })
        : []),
      ...(this.children > 0
        ? (['completed', 'failed', 'cancelled'] as const).map((status): Occurrence => {
            return { kind: 'child_ended', status, output: value, error: status === 'completed' ? null : error };
          })
        : []),
    ];
  }

  private inputs(value: Json): Occurrence[] {
    if (!this.areInputsOpen) return [];
    const arrival: Occurrence = { kind: 'input_arrived', port: 'input', value, edge: this.edges };
    const catches = this.type.catchesFailures?.(this.step.config) === true;
    return [arrival, ...(catches ? [{ kind: 'branch_failed', error } as const] : []), { kind: 'inputs_closed' }];
  }

  apply(occurrence: Occurrence, directives: readonly Directive[]): void {
    this.forget(occurrence);
    for (const directive of directives) this.expect(directive);
  }

  private forget(occurrence: Occurrence): void {
    if (occurrence.kind === 'timer_fired') this.timers.delete(occurrence.name);
    if (occurrence.kind === 'signal_received') this.signals.splice(this.signals.indexOf(occurrence.name), 1);
    if (occurrence.kind === 'scope_completed' || occurrence.kind === 'scope_failed')
      this.scopes.delete(occurrence.index);
    if (occurrence.kind === 'step_completed' || occurrence.kind === 'step_failed') this.inner.delete(occurrence.index);
    if (occurrence.kind === 'task_answered') this.tasks--;
    if (occurrence.kind === 'child_ended') this.children--;
    if (occurrence.kind === 'input_arrived') this.edges++;
    if (occurrence.kind === 'inputs_closed') this.areInputsOpen = false;
  }

  private expect(directive: Directive): void {
    if (directive.do === 'start_timer') this.timers.add(directive.name);
    if (directive.do === 'stop_timer') this.timers.delete(directive.name);
    if (directive.do === 'wait_signal') this.signals.push(directive.name);
    if (directive.do === 'open_scope') this.scopes.add(directive.index);
    if (directive.do === 'close_scope') this.scopes.delete(directive.index);
    if (directive.do === 'run_step') this.inner.set(directive.index, directive.step_id);
    if (directive.do === 'cancel_step') this.inner.delete(directive.index);
    if (directive.do === 'open_task') this.tasks++;
    if (directive.do === 'start_child') this.children++;
  }
}
