import { RunAccepted } from '@llmteam/contracts';
import { type ExitCode, exit_code_of, exit_codes } from '../exit-codes.js';
import { note_problems } from '../problem-lines.js';
import { print_result } from '../result-output.js';
import { type RunOptions, read_input } from '../run-request.js';
import { RunSession } from '../run-session.js';
import type { Settings } from '../settings.js';
import type { Gateway } from './gateway-address.js';
import { store_at_gateway } from './gateway-segments.js';
import { GatewayStores } from './gateway-stores.js';

/** Stores the segment of a file at a gateway, starts a run of it there and accompanies it to its end. @throws LlmteamError */
export async function run_at_gateway(
  settings: Settings,
  gateway: Gateway,
  file: string,
  options: RunOptions,
): Promise<ExitCode> {
  const stores = new GatewayStores(settings, gateway);
  const { segment, problems } = await store_at_gateway(stores, file);
  note_problems(problems, settings);
  if (segment === null) return exit_codes.failed;
  const input = await read_input(options);
  const { timeout, correlationId } = options;
  const started = stores.client.start_run(segment.segment_id, input, {
    ...(timeout !== undefined && { timeout }),
    ...(correlationId !== undefined && { correlation_id: correlationId }),
  });
  const { run_id } = await stores.runs.ask(RunAccepted, started);
  const session = await RunSession.open(settings, { tenant_id: options.tenant, run_id }, segment, options);
  try {
    const result = await session.follow(stores.store());
    session.close();
    print_result(result, options, settings);
    return exit_code_of(result.status);
  } finally {
    session.close();
  }
}
