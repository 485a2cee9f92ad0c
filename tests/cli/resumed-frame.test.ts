import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import * as assert from 'uvu/assert';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { program, shellWords, terminalProgram, withCli } from './support/cli.js';
import { approval, chain } from './support/segments.js';

const hasTerminal = process.platform === 'linux' && spawnSync(terminalProgram, ['--version']).status === 0;
const write = { step_id: 'write', type: 'llm_agent', config: { llm_ref: 'writer', user_prompt_template: 'Hello' } };
const drafting = chain('drafting', [write, approval('ask', 'Publish it?')], { params: { timeout_seconds: null } });

spec('the picture of a resumed run', (test) => {
  if (!hasTerminal) {
    notTestedHere('the picture of a resumed run', 'there is no util-linux `script`');
    return;
  }

  test(
    'shows the tokens of the steps that ended before',
    () =>
      withCli(async (cli) => {
        cli.write('llmteam.config.json', { llms: { writer: { provider: 'offline' } } });
        cli.write('drafting.json', drafting);
        const interrupted = cli.start(['run', 'drafting.json', '--json']);
        const { run_id } = await interrupted.event('human.task_created');
        interrupted.signal('SIGKILL');
        await interrupted.ended;
        const words = shellWords([process.execPath, program, 'runs', 'resume', run_id, '--no-prompt']);
        const resumed = cli.onTerminal(`stty rows 24 columns 100; exec ${words}`);
        const line = await resumed.until('the step that waits', ({ stdout }) => {
          const screen = stripVTControlCharacters(stdout);
          return /waits for an answer/.test(screen) ? /^ *\S+ write .*$/m.exec(screen)?.[0] : undefined;
        });
        assert.match(line, /\d+ → \d+ tokens/);
      }),
    { timeoutMs: 90_000 },
  );
});
