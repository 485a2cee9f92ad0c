import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as assert from 'uvu/assert';
import { readDocument } from '../docs/markdown-file.js';
import { programOf, runProgram } from '../docs/readme-program.js';
import { patternOf } from '../docs/shell-session.js';
import { faultsOf } from '../docs/typescript-example.js';
import { root, startNode } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';

interface Server {
  readonly url: string;
  readonly key: string;
}

/** `llmteam dev` with the model `default`, on a free port. */
async function withServer(use: (server: Server) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-sdk-'));
  const config = join(folder, 'llmteam.config.json');
  writeFileSync(config, '{ "llms": { "default": { "provider": "offline" } } }');
  const executable = join(root, 'clients/cli/bin/llmteam.js');
  const { process: child } = startNode([executable, 'dev', '--port', '0', '--home', folder, '--config', config]);
  const closed = once(child, 'close');
  try {
    use(await addressOf(child.stdout));
  } finally {
    child.kill();
    await closed;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function addressOf(stdout: NodeJS.ReadableStream | null): Promise<Server> {
  let url = '';
  for await (const line of createInterface({ input: stdout as NodeJS.ReadableStream })) {
    url = /Listening on (\S+)/.exec(line)?.[1] ?? url;
    const [key] = /llmteam_\S+/.exec(line) ?? [];
    if (key !== undefined) return { url, key };
  }
  throw new Error('the server ended before it said its address');
}

spec('README of the SDK', (test) => {
  const program = programOf(readDocument('clients/sdk/README.md'));

  test(
    'its program compiles, runs and prints what is shown',
    async () => {
      assert.ok(program !== null && program.running !== null);
      const { text, running, shown } = program;
      assert.equal(faultsOf(text), []);
      await withServer(({ url, key }) => {
        const { code, printed } = runProgram(running, { LLMTEAM_URL: url, LLMTEAM_KEY: key });
        assert.is(code, 0, printed);
        assert.match(printed, patternOf(shown), printed);
      });
    },
    { timeoutMs: 120_000 },
  );

  test(
    'it does not compile with a method that the client has not got',
    () => {
      const wrong = program?.text.replace('client.getRun(', 'client.fetchRun(') ?? '';
      assert.match(faultsOf(wrong).join('\n'), "Property 'fetchRun' does not exist");
    },
    { timeoutMs: 60_000 },
  );
});
