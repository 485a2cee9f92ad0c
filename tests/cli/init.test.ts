// takes: 20
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import { getLanguageService } from 'vscode-json-languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { spec } from '../support/spec.js';
import { type Cli, jsonOf, program, shellWords, withCli } from './support/cli.js';
import { giveJson, withOddServer } from './support/odd-server.js';

const patience = { timeoutMs: 90_000 };

/** Runs the segment of a new project and approves the draft. */
async function runProject(cli: Cli, folder: string, environment: Record<string, string> = {}): Promise<unknown> {
  const options = { cwd: join(cli.folder, folder), environment };
  const started = cli.start(['run', 'announcement.json', '-i', 'input.json'], options);
  const task = await started.until('a task', ({ stderr }) => /tasks answer (\S+) --approve/.exec(stderr)?.[1]);
  const answered = await cli.call(['tasks', 'answer', task, '--approve'], options);
  assert.is(answered.code, 0, answered.stderr);
  return jsonOf(await started.ended).output;
}

spec('llmteam init', (test) => {
  test(
    'makes a folder whose segment is valid and runs, without a model if it is to be offline',
    () =>
      withCli(async (cli) => {
        const made = await cli.call(['init', 'first', '--provider', 'offline']);
        assert.is(made.code, 0, made.stderr);
        assert.match(made.stderr, /To run it: cd first && llmteam run announcement\.json -i input\.json\n$/);
        for (const path of made.stdout.trimEnd().split('\n')) assert.ok(existsSync(join(cli.folder, path)), path);
        const cwd = join(cli.folder, 'first');
        const valid = await cli.call(['validate', 'announcement.json'], { cwd });
        assert.is(valid.stdout, 'announcement.json: valid, 4 steps\n');
        assert.match(JSON.stringify(await runProject(cli, 'first')), 'Announce a bicycle bell that plays Bach');
      }),
    patience,
  );

  test(
    'makes a segment whose $schema an editor finds beside it, and completes with',
    () =>
      withCli(async (cli) => {
        await cli.call(['init', 'first', '--provider', 'offline']);
        const file = join(cli.folder, 'first/announcement.json');
        const editor = getLanguageService({
          workspaceContext: { resolveRelativePath: (path, from) => new URL(path, from).href },
          schemaRequestService: async (uri) => readFileSync(new URL(uri), 'utf8'),
        });
        const open = (text: string) => {
          const document = TextDocument.create(pathToFileURL(file).href, 'json', 1, text);
          return { document, parsed: editor.parseJSONDocument(document) };
        };
        const text = readFileSync(file, 'utf8');
        const { document, parsed } = open(text);
        assert.equal(await editor.doValidation(document, parsed), []);
        const half = open(text.replace('"llm_agent"', '""'));
        const at = half.document.positionAt(half.document.getText().indexOf('"type": ""') + 9);
        const offered =
          (await editor.doComplete(half.document, at, half.parsed))?.items.map(({ label }) => label) ?? [];
        assert.ok(offered.includes('"wait_for_signal"'), offered.join());
      }),
    patience,
  );

  const said = 'Ring it!';
  const chat = { choices: [{ message: { content: said }, finish_reason: 'stop' }] };
  const content = [{ type: 'output_text', text: said, annotations: [] }];
  const response = { output: [{ type: 'message', id: 'm', role: 'assistant', content }], status: 'completed' };
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { type: 'message', id: 'm', role: 'assistant', model: 'm', stop_reason: 'end_turn', usage };
  for (const [provider, key, path, answer] of [
    ['ollama', null, '/v1/chat/completions', chat],
    ['openai', 'OPENAI_API_KEY', '/v1/responses', response],
    ['anthropic', 'ANTHROPIC_API_KEY', '/v1/messages', { ...message, content: [{ type: 'text', text: said }] }],
  ] as const) {
    test(
      `with --provider ${provider} it is valid, and asks the model of its config`,
      () =>
        withCli((cli) =>
          withOddServer(
            (response) => giveJson(response, 200, answer),
            async ({ url, asked }) => {
              assert.is((await cli.call(['init', 'p', '--provider', provider, '--model', 'my-model'])).code, 0);
              const config = JSON.parse(readFileSync(join(cli.folder, 'p/llmteam.config.json'), 'utf8'));
              assert.is(config.llms.writer.model, 'my-model');
              assert.is(config.llms.writer.api_key, key === null ? undefined : `env:${key}`);
              assert.is(config.llms.writer.base_url, key === null ? 'http://127.0.0.1:11434/v1' : undefined);
              const valid = await cli.call(['validate', 'announcement.json'], { cwd: join(cli.folder, 'p') });
              assert.is(valid.code, 0, valid.stderr);
              config.llms.writer.base_url = `${url}/v1`;
              config.llms.writer.stream = false;
              cli.write('p/llmteam.config.json', config);
              assert.equal(await runProject(cli, 'p', key === null ? {} : { [key]: 'sk-test-key' }), {
                published: said,
              });
              assert.equal(asked, [`POST ${path}`]);
            },
          ),
        ),
      patience,
    );
  }

  test(
    'overwrites nothing, writes nothing for a wrong command line, and asks only on a terminal',
    () =>
      withCli(async (cli) => {
        cli.write('there/input.json', 'mine');
        const refused = await cli.call(['init', 'there', '--provider', 'offline']);
        assert.is(refused.code, 2);
        assert.match(refused.stderr, /^error USAGE: nothing was written: 'there\/input\.json' would be overwritten/);
        assert.is(readFileSync(join(cli.folder, 'there/input.json'), 'utf8'), 'mine');
        assert.not.ok(existsSync(join(cli.folder, 'there/announcement.json')));
        const unasked = await cli.call(['init', 'new']);
        assert.is(unasked.code, 2);
        assert.match(unasked.stderr, /--provider is required without a terminal: offline, ollama, openai, anthropic/);
        assert.is((await cli.call(['init', 'new', '--provider', 'offline', '--model', 'x'])).code, 2);
        assert.is((await cli.call(['init', 'new', '--provider', 'none'])).code, 2);
        assert.not.ok(existsSync(join(cli.folder, 'new')));
        cli.write('file', '');
        const blocked = await cli.call(['init', 'file', '--provider', 'offline']);
        assert.match(blocked.stderr, /^error FILE_UNREADABLE: cannot write 'file': /);
      }),
    patience,
  );
});

spec('llmteam run --watch', (test) => {
  test(
    'runs again when the segment or its configuration changes, and stops when told to',
    () =>
      withCli(async (cli) => {
        const shout = (word: string) => ({
          segment_id: 'shout',
          name: 'Shout',
          entrypoint: 'say',
          steps: [{ step_id: 'say', type: 'transform', config: { expression: `'${word}'` } }],
        });
        cli.write('shout.json', shout('one'));
        const started = cli.start(['run', 'shout.json', '--watch', '-o', 'result.json']);
        const runs = (count: number) =>
          started.until(`run ${count}`, ({ stderr }) => {
            return stderr.split('Watching for changes; Ctrl-C ends.\n').length > count ? true : undefined;
          });
        await runs(1);
        cli.write('shout.json', '{');
        await runs(2);
        cli.write('shout.json', shout('three'));
        await runs(3);
        cli.write('llmteam.config.json', {});
        await runs(4);
        started.signal('SIGTERM');
        const { code, stdout, stderr } = await started.ended;
        assert.is(code, 0);
        assert.equal(
          [...stdout.matchAll(/"output": "(\w+)"/g)].map(([, word]) => word),
          ['one', 'three', 'three'],
        );
        assert.match(stderr, /shout\.json:1:.*error JSON_INVALID/);
      }),
    patience,
  );

  test(
    'does not run again because of its own output',
    () =>
      withCli(async (cli) => {
        const say = { step_id: 'say', type: 'transform', config: { expression: "'hello'" } };
        cli.write('say.json', { segment_id: 'say', name: 'Say', entrypoint: 'say', steps: [say] });
        const words = [process.execPath, program, 'run', 'say.json', '--watch'];
        const started = cli.launch(['sh', '-c', `exec ${shellWords(words)} > out.json`]);
        const ended = ({ stderr }: { stderr: string }): number => stderr.split('Watching for changes').length - 1;
        await started.until('the first run', (written) => (ended(written) === 1 ? true : undefined));
        cli.write('say.json', { segment_id: 'say', name: 'Say again', entrypoint: 'say', steps: [say] });
        await started.until('the second run', (written) => (ended(written) === 2 ? true : undefined));
        started.signal('SIGTERM');
        assert.is(ended(await started.ended), 2);
        assert.is(readFileSync(join(cli.folder, 'out.json'), 'utf8').split('"hello"').length, 3);
      }),
    patience,
  );

  test(
    'needs files',
    () =>
      withCli(async (cli) => {
        const refused = await cli.call(['run', '-', '--watch'], { stdin: '{}' });
        assert.is(refused.code, 2);
        assert.match(refused.stderr, /^error USAGE: --watch needs files/);
      }),
    patience,
  );
});
