// takes: 25
import type { ErrorInfo } from '@llmteam/contracts';
import { Ajv } from 'ajv';
import * as assert from 'uvu/assert';
import { withHttpServer } from '../plugins/support/with-server.js';
import { spec } from '../support/spec.js';
import { jsonOf, withCli } from './support/cli.js';
import { writePlugin } from './support/plugin.js';
import { chain, doubling } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

/** One step that is not repeated. */
function once(segmentId: string, type: string): object {
  return { ...chain(segmentId, [{ step_id: 'a', type }]), params: { max_retries: 0 } };
}

const shouting = `export default { name: 'shouting', api: 1, stepTypes: [{ kind: 'task', metadata: {
    type_id: 'shout', display_name: 'Shout', description: 'Makes text loud.', category: 'utility', icon: 'x', color: '#000',
    config_schema: { type: 'object', additionalProperties: false }, examples: [{}], permissions: [],
    input_ports: [{ name: 'input', type: 'any', description: 'Text.', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: 'Loud text.', required: false }],
    supports_retry: true, supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '' },
  run: async (context, config, input) => ({ output: String(input.text).toUpperCase() }) }] };`;

spec('plugins of the configuration', (test) => {
  test(
    'a plugin beside the configuration brings its step types, for runs and for the catalog',
    () =>
      withCli(async ({ write, call }) => {
        writePlugin(write, 'shouting', shouting);
        write('llmteam.config.json', { plugins: ['./plugins/shouting'] });
        write('shout.json', chain('shouts', [{ step_id: 'a', type: 'shout@^2' }]));
        const [ran, listed, shown] = await Promise.all([
          call(['run', 'shout.json', '-j', '{"text": "bees"}']),
          call(['plugin', 'list', '--json']),
          call(['catalog', 'shout', '--json']),
        ]);
        assert.is(jsonOf(ran).output, 'BEES', ran.stderr);
        const { plugins } = jsonOf<{ plugins: { name: string; version: string; step_types: string[] }[] }>(listed);
        const { version, step_types } = plugins.find(({ name }) => name === 'shouting') ?? {};
        assert.equal({ version, step_types }, { version: '2.3.4', step_types: ['shout'] });
        assert.is(jsonOf<{ version: string }>(shown).version, '2.3.4');
      }),
    patience,
  );

  test(
    'one reaches a host with `context.fetch` that its manifest declares and the configuration grants',
    () =>
      withHttpServer(
        (_request, response) => void response.end('hello'),
        (origin) =>
          withCli(async ({ write, call }) => {
            const { host } = new URL(origin);
            const asking = shouting
              .replace('permissions: []', "permissions: ['network:*']")
              .replace(
                /run: .* }\) }\] };$/,
                `run: async ({ fetch }) => ({ output: await (await fetch('${origin}')).text() }) }] };`,
              );
            writePlugin(write, 'shouting', asking, { network: ['*'] });
            write('shout.json', chain('shouts', [{ step_id: 'a', type: 'shout' }]));
            const outcome = async (network: readonly string[], isolation = 'inline') => {
              write('llmteam.config.json', {
                plugins: [{ package: './plugins/shouting', isolation, grant: { network } }],
              });
              return call(['run', 'shout.json', '-j', '{}']);
            };
            for (const isolation of ['inline', 'process', 'thread']) {
              assert.is(jsonOf(await outcome([host], isolation)).output, 'hello', isolation);
            }
            assert.match(
              (await outcome(['other.test'])).stdout,
              `network '${host}': the configuration does not grant it`,
            );
            assert.match((await outcome(['*'])).stdout, 'inside a private network');
          }),
      ),
    patience,
  );

  test(
    'what each asks for and is granted is listed, one permission a line, and names that nobody has are warned of',
    () =>
      withCli(async ({ write, call }) => {
        const asks = { network: ['api.example.com'], secrets: ['acme_key', 'other_key'], llm: ['*'] };
        writePlugin(write, 'shouting', shouting, asks);
        const grant = { network: ['*.example.com'], secrets: ['acme_key'], llm: ['writer'] };
        write('llmteam.config.json', {
          plugins: [{ package: './plugins/shouting', isolation: 'thread', grant }],
          llms: { writer: { provider: 'offline' } },
          settings: { shoutin: {} },
        });
        const { stdout, stderr } = await call(['plugin', 'list']);
        assert.match(stdout, /^PLUGIN +VERSION +ISOLATION +GRANTED +STEP TYPES/m);
        assert.match(stdout, /^shouting +2\.3\.4 +thread +3 of 4 +shout$/m);
        assert.match(
          stdout,
          /\nPERMISSIONS OF +VERSION +PERMISSION +GRANTED AS\nshouting +2\.3\.4 +network:api\.example\.com +granted; private hosts only by name\n +secret:acme_key +granted\n +secret:other_key +not granted\n +llm:\* +llm:writer\n$/,
        );
        assert.match(stderr, /settings\.shoutin: no plugin is named 'shoutin'; did you mean 'shouting'\?/);
        assert.match(stderr, /plugins\[0\]\.grant\.secrets: 'acme_key' is not configured in 'secrets'/);
        const { checks } = jsonOf<{ checks: { state: string; message: string }[] }>(
          await call(['doctor', '--json'], { environment: { LLMTEAM_NATS_SERVERS: 'nats://127.0.0.1:1' } }),
        );
        const warned = checks.filter(({ state }) => state === 'warning').map(({ message }) => message);
        assert.ok(
          warned.some((message) => message.startsWith('settings.shoutin: no plugin is named')),
          warned.join('\n'),
        );
      }),
    patience,
  );

  test(
    'validation warns of what a step is not granted, with the key of the configuration',
    () =>
      withCli(async ({ write, call }) => {
        const asking = shouting.replace('permissions: []', "permissions: ['secret:acme_key', 'llm:*']");
        const withRef = asking.replace(
          'additionalProperties: false',
          "$&, properties: { llm_ref: { type: 'string' } }",
        );
        writePlugin(write, 'shouting', withRef, { secrets: ['acme_key'], llm: ['*'] });
        write('llmteam.config.json', {
          plugins: [{ package: './plugins/shouting', grant: { llm: ['writer'] } }],
          llms: { writer: { provider: 'offline' }, critic: { provider: 'offline' } },
        });
        write('s.json', chain('s', [{ step_id: 'a', type: 'shout@2', config: { llm_ref: 'critic' } }]));
        const { code, stdout } = await call(['validate', 's.json']);
        assert.is(code, 0);
        for (const words of [
          "warning PERMISSION_NOT_GRANTED step 'a': plugin 'shouting' may not use secret 'acme_key': the configuration does not grant it (`grant.secrets` of its entry in `plugins`)",
          "warning PERMISSION_NOT_GRANTED step 'a': plugin 'shouting' may not use llm 'critic': the configuration does not grant it (`grant.llm` of its entry in `plugins`)",
        ])
          assert.ok(stdout.includes(words), stdout);
      }),
    patience,
  );

  test(
    'its step types are in the schema for editors, with their config',
    () =>
      withCli(async ({ write, call }) => {
        const loud = shouting.replace('additionalProperties: false', "$&, properties: { marks: { type: 'integer' } }");
        writePlugin(write, 'shouting', loud);
        write('llmteam.config.json', { plugins: ['./plugins/shouting'] });
        const schema = jsonOf<object>(await call(['schema']));
        const matches = new Ajv({ strict: false, validateFormats: false }).compile(schema);
        const shout = (config: object) => matches(chain('shouts', [{ step_id: 'a', type: 'shout', config } as never]));
        assert.is(shout({ marks: 3 }), true, JSON.stringify(matches.errors));
        assert.is(shout({ marks: 'many' }), false);
        assert.is(shout({ mark: 3 }), false);
        assert.is(matches(chain('shouts', [{ step_id: 'a', type: 'whisper' }])), false);
      }),
    patience,
  );

  test(
    'one that is missing, throws or has no manifest is named, with the others at fault',
    () =>
      withCli(async ({ write, call }) => {
        writePlugin(write, 'throwing', "throw new Error('no mood today');");
        write('plugins/bare/package.json', { name: 'bare', version: '1.0.0' });
        write('llmteam.config.json', { plugins: ['./plugins/throwing', 'not-installed', './plugins/bare'] });
        const { code, stdout, stderr } = await call(['run', write('doubling.json', doubling)]);
        assert.is(code, 1);
        assert.is(stdout, '');
        assert.match(stderr, /^error PLUGIN_FAILED: plugin '\.\/plugins\/throwing' could not be loaded: no mood today/);
        assert.match(stderr, /plugin 'not-installed' is not installed/);
        assert.match(stderr, /plugin '\.\/plugins\/bare': its package\.json has no key 'llmteam'/);
        assert.not.match(stderr, /\n\s+at /);
      }),
    patience,
  );

  test(
    'one that lets an error go where nobody can catch it fails its step, wherever it runs',
    () =>
      withCli(async ({ write, call }) => {
        const stray = shouting.replace(
          'run: async',
          "run: () => new Promise(() => setTimeout(() => { throw new Error('stray'); })), other: async",
        );
        writePlugin(write, 'shouting', stray);
        write('shout.json', once('shouts', 'shout@2'));
        for (const isolation of ['inline', 'thread', 'process']) {
          write('llmteam.config.json', { plugins: [{ package: './plugins/shouting', isolation }] });
          const ran = await call(['run', 'shout.json', '-q']);
          assert.is(ran.code, 1);
          const { error_code, error_message } = jsonOf<{ error: ErrorInfo }>(ran).error;
          assert.is(`${error_code}: ${error_message}`, "STEP_FAILED: outside of the handler's promise: stray");
        }
      }),
    patience,
  );

  test(
    'one that ends the process does not make it look as if the run were done',
    () =>
      withCli(async ({ write, call }) => {
        write('llmteam.config.json', { plugins: [{ package: './plugins/shouting', isolation: 'inline' }] });
        write('shout.json', once('shouts', 'shout@2'));
        writePlugin(write, 'shouting', 'process.exit(0);');
        const atLoad = await call(['run', 'shout.json']);
        assert.is(atLoad.code, 1);
        assert.match(
          atLoad.stderr,
          /^error: a plugin ended the process\nerror PLUGIN_FAILED: a plugin exited the process before the command had finished\n$/,
        );
        writePlugin(write, 'shouting', shouting.replace('run: async', 'run: () => process.exit(0), other: async'));
        const inStep = await call(['run', 'shout.json']);
        assert.is(inStep.code, 1);
        const [, runId = ''] =
          /^error: run \S+, step 'a': a plugin ended the process\nerror PLUGIN_FAILED[\s\S]*llmteam runs resume (\S+)\n$/.exec(
            inStep.stderr,
          ) ?? [];
        writePlugin(write, 'shouting', shouting);
        assert.is(jsonOf(await call(['runs', 'resume', runId])).output, 'UNDEFINED');
      }),
    patience,
  );

  test(
    'one that ends its own process is named, at load and in a step',
    () =>
      withCli(async ({ write, call }) => {
        write('llmteam.config.json', { plugins: ['./plugins/shouting'] });
        write('shout.json', once('shouts', 'shout@2'));
        writePlugin(write, 'shouting', 'process.exit(0);');
        const atLoad = await call(['run', 'shout.json']);
        assert.is(atLoad.code, 1);
        const ending = "plugin './plugins/shouting' could not be loaded: it ended with exit code 0";
        assert.is(atLoad.stderr, `error PLUGIN_FAILED: ${ending}\n`);
        writePlugin(write, 'shouting', shouting.replace('run: async', 'run: () => process.exit(0), other: async'));
        const { error_code, error_message } = jsonOf<{ error: ErrorInfo }>(
          await call(['run', 'shout.json', '-q']),
        ).error;
        assert.is(
          `${error_code}: ${error_message}`,
          "STEP_CRASHED: plugin 'shouting' ended with exit code 0 while the step ran",
        );
      }),
    patience,
  );

  test(
    'a configuration that is wrong is told with every problem',
    () =>
      withCli(async ({ write, call }) => {
        write('doubling.json', doubling);
        write('llmteam.config.json', { plugin: [], llms: { a: {} }, log: { level: 'loud' } });
        const wrong = await call(['run', 'doubling.json']);
        assert.is(wrong.code, 1);
        assert.match(wrong.stderr, /^error CONFIG_INVALID: '.*llmteam\.config\.json' is not a valid configuration\n/);
        assert.match(wrong.stderr, /unknown key 'plugin', did you mean 'plugins'\?\n/);
        assert.match(wrong.stderr, /'llms\.a\.provider' is missing\n/);
        assert.match(wrong.stderr, /'log\.level' must be .*'warn'.*, not 'loud'\n/);
        const missing = await call(['run', 'doubling.json', '--config', 'no.json']);
        assert.match(missing.stderr, /^error FILE_UNREADABLE: .*no\.json': there is no such file\n$/);
        write('llmteam.config.json', '{\n  "plugins": [\n}');
        const cut = await call(['run', 'doubling.json']);
        assert.is(cut.code, 1);
        assert.match(cut.stderr, /^error JSON_INVALID: '.*llmteam\.config\.json': expected .* at line 3, column 1\n$/);
      }),
    patience,
  );

  test(
    'the stack of an error is shown with --log-level debug only',
    () =>
      withCli(async ({ write, call }) => {
        writePlugin(write, 'throwing', "throw new Error('no mood today');");
        write('llmteam.config.json', { plugins: ['./plugins/throwing'] });
        write('doubling.json', doubling);
        const debug = await call(['run', 'doubling.json', '--log-level', 'debug']);
        assert.match(debug.stderr, /no mood today[\s\S]*\n\s+at /);
      }),
    patience,
  );
});
