import { randomUUID } from 'node:crypto';
import { type Definition, type Json, LlmteamError, type RunKey, type Segment } from '@llmteam/contracts';
import type { OwnedHome } from '@llmteam/embedded';
import { validate_input } from '@llmteam/kernel';
import { type Config, load_plugins } from '@llmteam/service-host';
import { config_for_file } from '../configuration.js';
import { type ExitCode, exit_code_of, exit_codes } from '../exit-codes.js';
import { check_writable } from '../files.js';
import { open_home } from '../homes.js';
import { make_log } from '../log.js';
import { first_steps, note_problems } from '../problem-lines.js';
import { print_result } from '../result-output.js';
import { remember_config } from '../run-configs.js';
import { type RunOptions, read_input } from '../run-request.js';
import { RunSession } from '../run-session.js';
import { SegmentFiles } from '../segment-files.js';
import type { Settings } from '../settings.js';
import { tell } from '../telling.js';

export async function run(settings: Settings, [file = '-']: readonly string[], options: RunOptions): Promise<ExitCode> {
  if (file === '-' && options.input === '-') throw new LlmteamError('USAGE', 'only one of FILE and -i can be stdin');
  check_writable(options.output);
  if (settings.gateway !== null) {
    const { run_at_gateway } = await import('../remote/run-at-gateway.js');
    return run_at_gateway(settings, settings.gateway, file, options);
  }
  const config = config_for_file(settings, file);
  const plugins = await load_plugins(config, await make_log(settings, config));
  const definitions = await load(settings, file, config, new SegmentFiles(config, plugins.catalog));
  if (definitions === null) return exit_codes.failed;
  const [{ segment }] = definitions;
  const input = await read_input(options);
  check_input(segment, input);
  const home = await open_home(settings, config, plugins);
  const store = await home.open_any();
  try {
    const key: RunKey = { tenant_id: options.tenant, run_id: randomUUID() };
    remember_config(settings.home, key.run_id, config.path);
    return await run_in(store, key, { settings, definitions, input, options });
  } finally {
    await store.close();
  }
}

/** The segment of the file, then those it leads to. */
type Definitions = readonly [Definition, ...Definition[]];

/** null: something is wrong, and was said. */
async function load(
  settings: Settings,
  file: string,
  config: Config,
  files: SegmentFiles,
): Promise<Definitions | null> {
  const loaded = await files.load_all(file);
  const problems = loaded.flatMap((one) => one.problems);
  note_problems(problems, settings);
  const hint = first_steps(problems, config);
  if (hint !== null) tell(settings, hint);
  const segments = loaded.flatMap(({ segment }) => (segment === null ? [] : [segment]));
  const [first, ...others] = segments.map((segment) => files.define(segment));
  return first === undefined || segments.length < loaded.length ? null : [first, ...others];
}

function check_input(segment: Segment, input: Json): void {
  const problems = validate_input(segment, input);
  if (problems.length === 0) return;
  throw new LlmteamError('INPUT_INVALID', problems.map(({ message }) => message).join('\n'));
}

interface Order {
  readonly settings: Settings;
  readonly definitions: Definitions;
  readonly input: Json;
  readonly options: RunOptions;
}

async function run_in({ runtime }: OwnedHome, key: RunKey, order: Order): Promise<ExitCode> {
  const { settings, definitions, options } = order;
  const session = await RunSession.open(settings, key, definitions[0].segment, options);
  try {
    const result = await session.drive(runtime, () => begin(runtime, key, order));
    session.close();
    print_result(result, options, settings);
    return exit_code_of(result.status);
  } finally {
    session.close();
  }
}

async function begin(
  runtime: OwnedHome['runtime'],
  { tenant_id, run_id }: RunKey,
  { definitions, input, options }: Order,
): Promise<void> {
  await runtime.drive([]);
  const [first, ...others] = definitions;
  const { definition } = await runtime.segments.publish(tenant_id, first);
  for (const other of others) await runtime.segments.publish(tenant_id, other);
  const { timeout, correlationId } = options;
  await runtime.runs.start({
    tenant_id,
    run_id,
    definition,
    input,
    ...(timeout !== undefined && { timeout_seconds: timeout }),
    ...(correlationId !== undefined && { correlation_id: correlationId }),
  });
}
