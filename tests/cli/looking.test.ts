// takes: 20
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { jsonOf, program, shellWords, withCli } from './support/cli.js';
import { approval, chain, doubling } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

spec('what llmteam tells about itself', (test) => {
  test(
    'version is one line, or JSON',
    () =>
      withCli(async ({ call }) => {
        const [plain, option, json] = await Promise.all([
          call(['version']),
          call(['--version']),
          call(['version', '--json']),
        ]);
        assert.match(plain.stdout, /^llmteam \d+\.\d+\.\d+\n$/);
        assert.is(option.stdout, plain.stdout);
        const { llmteam, node } = jsonOf<{ llmteam: string; node: string }>(json);
        assert.is(`llmteam ${llmteam}\n`, plain.stdout);
        assert.is(node, process.version);
      }),
    patience,
  );

  test(
    'catalog lists the step types, and describes one',
    () =>
      withCli(async ({ call }) => {
        const [list, json, loop] = await Promise.all([
          call(['catalog']),
          call(['catalog', '--json']),
          call(['catalog', 'loop']),
        ]);
        const types = jsonOf<{ types: { type_id: string }[] }>(json).types.map(({ type_id }) => type_id);
        for (const type of ['llm_agent', 'http_action', 'transform', 'human_task', 'loop', 'map', 'subworkflow']) {
          assert.ok(types.includes(type), type);
          assert.match(list.stdout, new RegExp(`^${type} `, 'm'));
        }
        assert.match(
          loop.stdout,
          /^loop \d[\s\S]*CONFIG[\s\S]*loop_type.*required[\s\S]*PORT[\s\S]*body[\s\S]*example/,
        );
      }),
    patience,
  );

  test(
    'providers names missing variables and never shows a secret',
    () =>
      withCli(async ({ write, call }) => {
        const service = { provider: 'openai-compatible', base_url: 'https://api.example.com/v1', model: 'm1' };
        write('llmteam.config.json', {
          llms: {
            keyed: { ...service, api_key: 'env:SOME_KEY' },
            open: { ...service, api_key: 'sk-very-secret' },
            odd: { provider: 'unheard-of' },
          },
          secrets: { token: 'env:OTHER_KEY' },
        });
        const [text, json, set] = await Promise.all([
          call(['providers']),
          call(['providers', '--json']),
          call(['providers'], { environment: { SOME_KEY: 'sk-also-secret', OTHER_KEY: 'x' } }),
        ]);
        assert.match(text.stdout, /keyed +openai-compatible +m1 +needs SOME_KEY/);
        assert.match(text.stdout, /open +openai-compatible +m1 +ready/);
        assert.match(text.stdout, /odd +unheard-of +no plugin for this provider/);
        assert.match(text.stdout, /Not set: OTHER_KEY, SOME_KEY/);
        assert.equal(jsonOf<{ missing_variables: string[] }>(json).missing_variables, ['OTHER_KEY', 'SOME_KEY']);
        assert.match(set.stdout, /keyed +openai-compatible +m1 +ready/);
        for (const { stdout, stderr } of [text, json, set]) assert.not.match(stdout + stderr, /secret/);
      }),
    patience,
  );

  test(
    'a model that its provider does not accept is refused, with file, line and key, by every command',
    () =>
      withCli(async ({ write, call }) => {
        const service = { provider: 'openai-compatible', base_url: 'https://api.example.com/v1', model: 'm1' };
        write('llmteam.config.json', {
          llms: { main: { ...service, apiKey: 'sk-very-secret' }, bare: { ...service, base_url: 'api.example.com' } },
        });
        write('doubling.json', doubling);
        for (const args of [
          ['providers'],
          ['run', 'doubling.json'],
          ['validate', 'doubling.json'],
          ['catalog'],
          ['dev'],
        ]) {
          const { code, stdout, stderr } = await call(args);
          assert.is(code, 1, args.join(' '));
          assert.match(stderr, /CONFIG_INVALID/);
          assert.match(stderr, /llmteam\.config\.json:\d+: llms\.main: unknown key 'apiKey', did you mean 'api_key'\?/);
          assert.match(stderr, /llmteam\.config\.json:\d+: llms\.bare: 'base_url' must be an http or https URL/);
          assert.not.match(stdout + stderr, /very-secret/);
        }
      }),
    patience,
  );

  test(
    'validate warns of a key that a run needs and that is not set',
    () =>
      withCli(async ({ write, call }) => {
        const service = { provider: 'openai-compatible', base_url: 'https://api.example.com/v1', model: 'm1' };
        write('llmteam.config.json', {
          llms: { keyed: { ...service, api_key: 'env:SOME_KEY' }, spare: { ...service, api_key: 'env:SPARE_KEY' } },
          clients: { crm: { base_url: 'https://crm.example.com', headers: { authorization: 'env:CRM_KEY' } } },
        });
        const steps = [
          { step_id: 'ask', type: 'llm_agent', config: { llm_ref: 'keyed' } },
          { step_id: 'send', type: 'http_action', config: { client_ref: 'crm' } },
        ];
        const edges = [{ from: 'ask', to: 'send' }];
        const file = write('asking.json', { segment_id: 'asking', name: 'Asking', entrypoint: 'ask', steps, edges });
        const [unset, set] = await Promise.all([
          call(['validate', file]),
          call(['validate', file], { environment: { SOME_KEY: 'x', CRM_KEY: 'x' } }),
        ]);
        assert.is(unset.code, 0);
        assert.match(unset.stdout, /warning VARIABLE_NOT_SET step 'ask': llm_ref 'keyed' needs 'SOME_KEY', not set/);
        assert.match(unset.stdout, /warning VARIABLE_NOT_SET step 'send': client_ref 'crm' needs 'CRM_KEY', not set/);
        assert.not.match(unset.stdout, /SPARE_KEY/);
        assert.not.match(set.stdout, /warning/);
      }),
    patience,
  );

  test(
    'graph draws SVG or Mermaid, to stdout or to a file, without the models it names',
    () =>
      withCli(async ({ folder, write, call }) => {
        const ask = { step_id: 'ask', type: 'llm_agent', config: { llm_ref: 'unknown_here' } };
        write('drawn.json', {
          ...doubling,
          steps: [...doubling.steps, ask],
          edges: [...(doubling.edges ?? []), { from: 'wrap', to: 'ask' }],
        });
        write('bad.json', { ...doubling, entrypoint: 'x' });
        const [svg, mermaid, file, bad] = await Promise.all([
          call(['graph', 'drawn.json']),
          call(['graph', 'drawn.json', '--format', 'mermaid']),
          call(['graph', 'drawn.json', '-o', 'out.svg']),
          call(['graph', 'bad.json']),
        ]);
        assert.match(svg.stdout, /^<svg [\s\S]*<\/svg>\n$/);
        assert.match(mermaid.stdout, /flowchart/);
        assert.is(file.stdout, '');
        assert.is(readFileSync(join(folder, 'out.svg'), 'utf8'), svg.stdout);
        assert.is((await call(['graph', 'drawn.json', '-o', 'out.mmd'])).stderr, '');
        assert.is(readFileSync(join(folder, 'out.mmd'), 'utf8'), mermaid.stdout);
        assert.is(bad.code, 1);
        assert.match(bad.stderr, /bad\.json:1: error INVALID_ENTRYPOINT/);
      }),
    patience,
  );

  test(
    'graph --run shows how the steps of a run stand',
    () =>
      withCli(async ({ write, call }) => {
        write('doubling.json', doubling);
        const { run_id } = jsonOf(await call(['run', 'doubling.json']));
        const drawn = await call(['graph', 'doubling.json', '--format', 'mermaid', '--run', run_id]);
        assert.match(drawn.stdout, /completed/);
      }),
    patience,
  );

  test(
    'completion prints a script for each shell, and what may follow',
    () =>
      withCli(async ({ write, call }) => {
        write('some.json', {});
        for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
          const { code, stdout } = await call(['completion', shell]);
          assert.is(code, 0);
          assert.match(stdout, /llmteam/);
        }
        const [commands, inner, service, file, option] = await Promise.all([
          call(['complete', '--', 'ru']),
          call(['complete', '--', 'runs', 're']),
          call(['complete', '--', 'serve', 'co']),
          call(['complete', '--', 'run', 'so']),
          call(['complete', '--', 'run', '--tim']),
        ]);
        assert.match(commands.stdout, /^run\t[\s\S]*^runs\t/m);
        assert.match(inner.stdout, /^resume\t/m);
        assert.match(service.stdout, /^coordinator\t/m);
        assert.match(file.stdout, /^some\.json\t/m);
        assert.match(option.stdout, /^--timeout\t/m);
      }),
    patience,
  );

  test(
    'completion suggests step types, runs and open tasks, whoever owns their store',
    () =>
      withCli(async ({ write, call, start }) => {
        write('doubling.json', doubling);
        const { run_id } = jsonOf(await call(['run', 'doubling.json']));
        const asking = chain('asking', [approval('ask', 'Really?')], { params: { timeout_seconds: null } });
        const started = start(['run', write('asking.json', asking), '--json']);
        const { run_id: waiting } = await started.event('human.task_created');
        const [types, runs, graph, tasks, names] = await Promise.all([
          call(['complete', '--', 'catalog', 'human']),
          call(['complete', '--', 'runs', 'show', '']),
          call(['complete', '--', 'graph', 'doubling.json', '--run', run_id.slice(0, 4)]),
          call(['complete', '--', 'tasks', 'answer', '']),
          call(['complete', '--', 'runs', 'signal', waiting, '']),
        ]);
        assert.match(types.stdout, /^human_task\t/m);
        assert.match(runs.stdout, new RegExp(`^${run_id}\tdoubling, completed$`, 'm'));
        assert.match(runs.stdout, new RegExp(`^${waiting}\tasking, running$`, 'm'));
        assert.match(graph.stdout, new RegExp(`^${run_id}\t`, 'm'));
        assert.match(tasks.stdout, new RegExp(`^${waiting}:ask\tReally\\?$`, 'm'));
        assert.not.match(names.stdout, run_id, 'a signal is no run');
      }),
    patience,
  );

  test(
    'completion of bash needs nothing but bash, and evaluates nothing that was typed',
    () =>
      withCli(async ({ write, call, folder }) => {
        if (process.platform === 'win32') return notTestedHere('completion of bash', 'Windows has no bash');
        write('some file.json', {});
        write('inputs/one.json', {});
        write('completion.sh', (await call(['completion', 'bash'])).stdout);
        const replies = (...words: readonly string[]): string[] => {
          const script = [
            `llmteam() { ${shellWords([process.execPath, program])} "$@"; }`,
            'source ./completion.sh',
            `COMP_WORDS=(${shellWords(['llmteam', ...words])}) COMP_CWORD=${words.length}`,
            '__llmteam_complete',
            `printf '%s\\n' "\${COMPREPLY[@]}"`,
          ];
          const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script.join('\n')], {
            cwd: folder,
            encoding: 'utf8',
          });
          assert.is(stderr, '');
          return stdout.split('\n').filter((line) => line !== '');
        };
        assert.equal(replies('runs', 'res'), ['resume']);
        assert.equal(replies('graph', '--format', '=', 'm'), ['mermaid']);
        assert.equal(replies('graph', '--format='), [], 'no word begins so');
        assert.equal(replies('run', 'some\\ f'), ['some\\ file.json']);
        assert.equal(replies('run', 'inp'), ['inputs/']);
        assert.equal(replies('validate', '$(touch evaluated)'), []);
        assert.not.ok(existsSync(join(folder, 'evaluated')));
      }),
    patience,
  );
});
