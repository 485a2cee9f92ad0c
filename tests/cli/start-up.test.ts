import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Cli, withCli } from './support/cli.js';
import { doubling } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

/** Modules that only services need. */
const ofServices = /node_modules\/(@nats-io|prom-client|tdigest)\/|services\/(coordinator|worker)\//;

/** The source files of every bundle chunk that a call of `llmteam` loaded, according to V8 coverage. */
async function sourcesOf({ call }: Cli, args: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-loaded-'));
  try {
    const { code, stderr } = await call(args, { environment: { NODE_V8_COVERAGE: folder } });
    assert.is(code, 0, stderr);
    const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage);
    const loaded = reports
      .flatMap(({ result }) => result.map(({ url }) => url))
      .filter((url) => url.includes('/bundle/'));
    return [...new Set(loaded)].flatMap((url) => {
      const map = JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8')) as { sources: string[] };
      return map.sources;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

spec('start of the command line', (test) => {
  test(
    'help and runs on this machine load nothing that only services need',
    () =>
      withCli(async (cli) => {
        const file = cli.write('doubling.json', doubling);
        cli.write('llmteam.config.json', { llms: { default: { provider: 'offline' } } });
        for (const args of [['--help'], ['run', file, '-j', '{"n": 2}', '-q'], ['validate', file]]) {
          const sources = await sourcesOf(cli, args);
          assert.ok(sources.length > 10, `${args[0]}: ${sources.length} source files`);
          assert.equal(
            sources.filter((source) => ofServices.test(source)),
            [],
            args.join(' '),
          );
        }
      }),
    patience,
  );

  test(
    'help loads neither the kernel nor a schema',
    () =>
      withCli(async (cli) => {
        const sources = await sourcesOf(cli, ['--help']);
        assert.equal(
          sources.filter((source) => /(^|\/)(kernel|contracts|services)\/|node_modules\/(typebox|ajv)\//.test(source)),
          [],
        );
      }),
    patience,
  );

  test(
    'the configuration of a service is printed without loading a service',
    () =>
      withCli(async (cli) => {
        const sources = await sourcesOf(cli, ['serve', 'worker', '--print-config']);
        assert.ok(sources.some((source) => source.includes('services/host/')));
        assert.equal(
          sources.filter((source) => ofServices.test(source)),
          [],
        );
      }),
    patience,
  );
});
