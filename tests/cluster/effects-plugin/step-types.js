/** Steps whose executions can be counted: each adds a line when it begins and one when its handler is through. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const settings = { ledger: '', major: 1 };

function note(context, what) {
  const { run_id, idempotency_key, attempt } = context;
  const step = idempotency_key.slice(run_id.length + 1);
  const line = { at: Date.now(), pid: process.pid, major: settings.major, what, run_id, step, attempt };
  appendFileSync(settings.ledger, `${JSON.stringify(line)}\n`);
}

const resultOf = (config, input) => (Object.hasOwn(config, 'result') ? config.result : input);

/** Takes `sleep_ms`; fails as long as the attempt is at most `fail_until`. */
async function effect(context, config, input) {
  note(context, 'began');
  await sleep(config.sleep_ms ?? 1);
  if (context.attempt <= (config.fail_until ?? 0)) throw new Error(`attempt ${context.attempt} fails`);
  note(context, 'done');
  return { output: resultOf(config, input) };
}

/** Takes the processor for so long, as a step that computes does. */
async function burn(context, config, input) {
  note(context, 'began');
  const until = performance.now() + config.busy_ms;
  while (performance.now() < until) Math.sqrt(until);
  note(context, 'done');
  return { output: input };
}

/** Takes its worker with it. */
async function poison(context) {
  note(context, 'began');
  process.kill(process.pid, 'SIGKILL');
  await sleep(10_000);
  return {};
}

const anyPort = (name) => ({ name, type: 'any', description: 'anything', required: false });

function task(typeId, properties, run) {
  return {
    kind: 'task',
    metadata: {
      type_id: typeId,
      display_name: typeId,
      description: 'Writes down every execution.',
      category: 'utility',
      icon: 'book',
      color: '#888888',
      config_schema: { type: 'object', properties, additionalProperties: false },
      input_ports: [anyPort('*')],
      output_ports: [anyPort('output')],
      supports_retry: true,
      supports_timeout: true,
      supports_parallel: true,
      is_async: false,
      docs_url: '',
      examples: [],
      permissions: [],
    },
    run,
  };
}

export function effectsPlugin(major) {
  settings.major = major;
  const number = { type: 'number' };
  return {
    name: 'effects',
    api: 1,
    stepTypes: [
      task('effect', { sleep_ms: number, fail_until: number, result: {} }, effect),
      task('burn', { busy_ms: number }, burn),
      task('poison', {}, poison),
    ],
    start: async (host) => {
      settings.ledger = host.settings.ledger;
    },
  };
}
