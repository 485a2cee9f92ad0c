// takes: 20
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';

const timeoutMs = 120_000;

function generate(...args: readonly string[]): { code: number | null; printed: string } {
  const done = spawnSync(process.execPath, [join(root, 'scripts/generate-docs.mjs'), ...args], { encoding: 'utf8' });
  return { code: done.status, printed: done.stdout + done.stderr };
}

function withCopiedDocs(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-docs-'));
  try {
    cpSync(join(root, 'docs'), join(folder, 'docs'), { recursive: true });
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/** A strict validator for a generated schema; returns the errors, '' if none. */
function compile(name: string): (value: unknown) => string {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
  const check = ajv.compile(readJson(`docs/contracts/schemas/${name}.schema.json`) as object);
  return (value) => (check(value) ? '' : ajv.errorsText(check.errors));
}

spec('generated documents', (test) => {
  test(
    'are what the generator makes',
    () => {
      const { code, printed } = generate('--check');
      assert.is(code, 0, printed);
    },
    { timeoutMs },
  );

  test(
    'a page that was edited, one that is missing and a schema that nobody makes are found, and mended',
    () => {
      withCopiedDocs((folder) => {
        appendFileSync(join(folder, 'docs/errors.md'), 'By hand.\n');
        rmSync(join(folder, 'docs/config.md'));
        writeFileSync(join(folder, 'docs/contracts/schemas/old.schema.json'), '{}');
        const { code, printed } = generate('--check', '--out', folder);
        assert.is(code, 1);
        assert.match(printed, 'docs/errors.md is stale');
        assert.match(printed, 'docs/config.md is stale');
        assert.match(printed, 'old.schema.json is no longer generated');
        assert.is(generate('--out', folder).code, 0);
        assert.is(generate('--check', '--out', folder).code, 0);
      });
    },
    { timeoutMs },
  );
});

spec('JSON Schema files', (test) => {
  const names = readdirSync(join(root, 'docs/contracts/schemas')).map((name) => name.replace('.schema.json', ''));

  for (const name of names) {
    test(`${name}: a strict validator takes it, and it keeps nothing of the schema library`, () => {
      const text = readFileSync(join(root, `docs/contracts/schemas/${name}.schema.json`), 'utf8');
      assert.match(text, `"$id": "urn:llmteam:schema:${name}"`);
      assert.not.match(text, '"~');
      compile(name);
    });
  }

  test('segment: takes every example, and none with a key too many', () => {
    const fault = compile('segment');
    // The others have no segments.
    const others = ['backends', 'plugins'];
    for (const name of readdirSync(join(root, 'examples'), { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !others.includes(entry.name),
    )) {
      const segment = readJson(`examples/${name.name}/${name.name}.json`) as object;
      assert.is(fault(segment), '');
      assert.match(fault({ ...segment, stpes: [] }), /additional properties/);
    }
  });

  test('config: takes that of the examples, and none without a provider', () => {
    const fault = compile('config');
    assert.is(fault(readJson('examples/llmteam.config.json')), '');
    assert.match(fault({ llms: { gpt4: {} } }), /provider/);
  });

  test('plugin-manifest: takes those of our plugins', () => {
    const fault = compile('plugin-manifest');
    for (const plugin of ['flow', 'http-action', 'llm-agent', 'transform']) {
      const { llmteam } = readJson(`plugins/${plugin}/package.json`) as { llmteam: unknown };
      assert.is(fault(llmteam), '');
    }
  });
});
