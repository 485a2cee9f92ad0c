import { RunAccepted } from '@llmteam/contracts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.js';
import { noteProblems } from '../problem-lines.js';
import { printResult } from '../result-output.js';
import { type RunOptions, readInput } from '../run-request.js';
import { RunSession } from '../run-session.js';
import type { Settings } from '../settings.js';
import type { Gateway } from './gateway-address.js';
import { storeAtGateway } from './gateway-segments.js';
import { GatewayStores } from './gateway-stores.js';

/** Stores the segment of a file at a gateway, starts a run there and follows it to its end. @throws LlmteamError */
export async function runAtGateway(
  settings: Settings,
  gateway: Gateway,
  file: string,
  options: RunOptions,
): Promise<ExitCode> {
  const stores = new GatewayStores(settings, gateway);
  const { segment, problems } = await storeAtGateway(stores, file);
  noteProblems(problems, settings);
  if (segment === null) return exitCodes.failed;
  const input = await readInput(options);
  const { timeout, correlationId, metadata } = options;
  const body = {
    input_data: input,
    ...(timeout !== undefined && { timeout }),
    ...(correlationId !== undefined && { correlation_id: correlationId }),
    ...(metadata !== undefined && { metadata }),
  };
  const { caller } = settings.environment;
  const started = stores.client.startRun(segment.segment_id, body, { trace: caller });
  const { run_id } = await stores.runs.ask(RunAccepted, started);
  const session = await RunSession.open(settings, { tenant_id: options.tenant, run_id }, segment, options);
  try {
    const result = await session.follow(stores.store());
    session.close();
    printResult(result, options, settings);
    return exitCodeOf(result.status);
  } finally {
    session.close();
  }
}
