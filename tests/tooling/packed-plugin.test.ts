// timeout: 900
// takes: 60
/** A new author with nothing but the published packages: they are packed as `npm publish` would, and installed outside of the workspace. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as assert from 'uvu/assert';
import { blocksOf, packageFolders, readDocument } from '../docs/markdown-file.js';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';

/** Runs a command; returns its output, and how long it took in `seconds`. */
function timed(seconds: Record<string, number>) {
  return (name: string, cwd: string, ...[program = '', ...args]: readonly string[]): string => {
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    seconds[name] = Math.round((performance.now() - began) / 100) / 10;
    assert.is(status, 0, `${name}\n${stdout}\n${stderr}`);
    return stdout;
  };
}

spec('a plugin from packed packages', (test) => {
  test(
    'from `plugin new` to a passing check and a first run',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'llmteam-packed-'));
      const seconds: Record<string, number> = {};
      const run = timed(seconds);
      try {
        const packed = join(folder, 'packed');
        mkdirSync(packed);
        const packages = packageFolders.map((name) => `./${name}`);
        run('pack', root, 'npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', packed, ...packages);
        run(
          'new',
          folder,
          process.execPath,
          join(root, 'clients/cli/bin/llmteam.js'),
          'plugin',
          'new',
          '@acme/llmteam-wordcount',
        );
        const plugin = join(folder, 'llmteam-wordcount');
        const tarballs = readdirSync(packed).map((name) => join(packed, name));
        run(
          'install',
          plugin,
          'npm',
          'install',
          '--no-save',
          '--prefer-offline',
          '--no-audit',
          '--no-fund',
          ...tarballs,
        );
        run('import all', plugin, process.execPath, '--input-type=module', '--eval', importAll());
        assert.match(run('version', plugin, 'npx', 'llmteam', 'version'), /^llmteam \d+\.\d+\.\d+$/m);
        run('build', plugin, 'npm', 'run', 'build');
        assert.match(run('check', plugin, 'npx', 'llmteam', 'plugin', 'check'), /^ok +task\.wordcount\.output$/m);
        const result = run('run', plugin, 'npx', 'llmteam', 'run', 'example.json', '-i', 'input.json', '-q');
        assert.is(JSON.parse(result).output, 2);
        run('test', plugin, 'npm', 'test');
        installElsewhere(folder, plugin, run);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      process.stdout.write(`seconds: ${JSON.stringify(seconds)}\n`);
    },
    { timeoutMs: 800_000 },
  );
});

/** A program that imports every published package by its name. */
function importAll(): string {
  const names = packageFolders.map(
    (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).name,
  );
  return names
    .map((name) => `if (Object.keys(await import('${name}')).length === 0) throw new Error('${name}');`)
    .join('\n');
}

/** The commands of the guide for a place without a registry, in a folder with the plugin in `wordcount`. */
function withoutRegistry(): string {
  const blocks = blocksOf(readDocument('docs/guides/publish-a-plugin.md'));
  const block = blocks.find(({ note }) => note.includes('packed-plugin.test.ts'));
  assert.ok(block, 'the guide has them');
  return block?.text ?? '';
}

/** The plugin runs where nothing is but its package, with those it depends on; unpacked alone, only if it is bundled. */
function installElsewhere(folder: string, plugin: string, run: ReturnType<typeof timed>): void {
  const place = join(folder, 'elsewhere');
  mkdirSync(place);
  renameSync(plugin, join(place, 'wordcount'));
  run('pack plugin', join(place, 'wordcount'), 'npm', 'pack', '--silent', '--pack-destination', '..');
  // Above, everything is installed from a file; here, what the package depends on.
  rmSync(join(place, 'wordcount/node_modules'), { recursive: true });
  // npm looks for them on the registry even if they are left out.
  run('leave out what is for development', join(place, 'wordcount'), 'npm', 'pkg', 'delete', 'devDependencies');
  const needed = readdirSync(join(folder, 'packed')).filter((name) =>
    /^llmteam-(plugin|contracts|ai-sdk)-\d/.test(name),
  );
  const files = needed.map((name) => join(folder, 'packed', name));
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund'];
  run('install what it needs', join(place, 'wordcount'), 'npm', 'install', ...quietly, ...files);
  run('install without a registry', place, 'bash', '-ec', withoutRegistry());
  assert.is(countAt(join(place, 'site'), run).output, 3);
  const tarball = join(place, 'acme-llmteam-wordcount-0.1.0.tgz');
  assert.match(JSON.stringify(countAt(unpacked(folder, 'alone', tarball, run), run).error), /@llmteam\/plugin/);
  const entry = 'dist/src/index.js';
  const esbuild = join(root, 'node_modules/.bin/esbuild');
  const options = ['--bundle', '--platform=node', '--format=esm', `--outfile=${entry}`, '--allow-overwrite'];
  run('bundle', join(place, 'wordcount'), esbuild, entry, ...options, '--log-level=error');
  const pack = ['npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', '..'] as const;
  run('pack bundled', join(place, 'wordcount'), ...pack);
  assert.is(countAt(unpacked(folder, 'bundled', tarball, run), run).output, 3);
}

/** A folder with the content of the tarball as a package, and nothing else. */
function unpacked(folder: string, name: string, tarball: string, run: ReturnType<typeof timed>): string {
  const site = join(folder, name);
  const home = join(site, 'node_modules/@acme/llmteam-wordcount');
  mkdirSync(home, { recursive: true });
  run(`unpack ${name}`, site, 'tar', '-xzf', tarball, '-C', home, '--strip-components=1');
  return site;
}

/** Counts the words of a text with the plugin that is installed in a folder. */
function countAt(site: string, run: ReturnType<typeof timed>): { output?: unknown; error?: unknown } {
  const segment = {
    segment_id: 'count',
    name: 'Count',
    entrypoint: 'count',
    steps: [{ step_id: 'count', type: 'wordcount' }],
  };
  writeFileSync(join(site, 'llmteam.config.json'), '{ "plugins": ["@acme/llmteam-wordcount"] }');
  writeFileSync(join(site, 'count.json'), JSON.stringify(segment));
  const cli = join(root, 'clients/cli/bin/llmteam.js');
  const script = `"${process.execPath}" "${cli}" run count.json -j '"three whole words"' -q 2> error.txt || true`;
  const printed = run(`count in ${basename(site)}`, site, 'bash', '-ec', script);
  return printed === '' ? { error: readFileSync(join(site, 'error.txt'), 'utf8') } : JSON.parse(printed);
}
