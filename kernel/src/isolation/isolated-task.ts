/** One attempt whose handler runs in an isolate. Time-outs are those of the work loop. */
import { type FiredPorts, isLlmteamError, LlmteamError, type StepContext } from '@llmteam/contracts';
import { executionOf } from '../runtime/handler-context.js';
import { handlersError } from '../runtime/report-guard.js';
import { attemptData } from './attempt-data.js';
import { AttemptRelay } from './attempt-relay.js';
import { type Isolate, NotBegun } from './isolate.js';
import { inIsolate } from './isolate-lease.js';
import type { AttemptData } from './isolate-messages.js';
import type { IsolatePools } from './isolate-pools.js';
import { revivedError } from './revived-error.js';

export async function runAttempt(pools: IsolatePools, typeId: string, context: StepContext): Promise<FiredPorts> {
  const attempt = attemptData(executionOf(context));
  const { plugin, facts } = attempt;
  const { run_id, step_id } = facts;
  const { signal } = context;
  const work = (isolate: Isolate) => runIn(isolate, typeId, attempt, context);
  const purpose = { key: typeId, run_id, step_id };
  return await inIsolate(() => pools, { purpose, who: `plugin '${plugin}'`, signal, work });
}

async function runIn(
  isolate: Isolate,
  typeId: string,
  attempt: AttemptData,
  context: StepContext,
): Promise<FiredPorts> {
  const relay = new AttemptRelay(context, (message) => isolate.send(message));
  try {
    context.signal.throwIfAborted();
    const run = isolate.ask<'run'>({ do: 'run', work: isolate.nextWork(), type_id: typeId, attempt }, relay);
    const { outcome, stack } = await Promise.race([run, relay.strayed]);
    if (relay.fault !== null) throw relay.fault;
    if ('value' in outcome) return outcome.value;
    const error = revivedError(outcome.error);
    if (error.code === 'STEP_FAILED')
      executionOf(context).log.warn({ error: outcome.error, stack }, 'the handler of a step threw');
    throw handlersError(error, () => context.signal);
  } catch (thrown) {
    throw thrown instanceof NotBegun ? thrown : crashOf(thrown, attempt.plugin, context.signal);
  } finally {
    relay.close();
  }
}

/** Names the plugin in what an isolate says of its own end; any other error is the handler's. */
function crashOf(thrown: unknown, plugin: string, signal: AbortSignal): unknown {
  if (!isLlmteamError(thrown) || thrown.code !== 'STEP_CRASHED') return thrown;
  if (signal.aborted) return signal.reason;
  return new LlmteamError('STEP_CRASHED', `plugin '${plugin}' ${thrown.message} while the step ran`, { cause: thrown });
}
