import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { packageFolders } from '../docs/markdown-file.js';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}

function runScript(
  name: string,
  ...args: readonly string[]
): { status: number | null; printed: string; stdout: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', name), ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, printed: stdout + stderr };
}

/** A workspace with the files that a release changes. */
function withWorkspace(changelog: string, use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-release-'));
  try {
    mkdirSync(join(folder, 'clients/cli'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{\n  "name": "w",\n  "version": "0.1.0"\n}\n');
    writeFileSync(join(folder, 'clients/cli/package.json'), '{ "version": "0.2.0" }');
    writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function notesOf(folder: string, version: string) {
  const files = ['--changelog', join(folder, 'CHANGELOG.md'), '--manifest', join(folder, 'clients/cli/package.json')];
  return runScript('release-notes.mjs', version, ...files);
}

const changelog = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Tea.\n\n## [0.1.0] - 2026-01-01\n\n- Water.\n';

spec('a release', (test) => {
  test('has the notes that CHANGELOG.md has for it', () => {
    withWorkspace(changelog, (folder) => {
      assert.is(runScript('prepare-release.mjs', '--folder', folder).status, 0);
      assert.is(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version, '0.2.0');
      assert.match(
        readFileSync(join(folder, 'CHANGELOG.md'), 'utf8'),
        /## \[Unreleased\]\n\n## \[0\.2\.0\] - \d{4}-\d\d-\d\d\n\n### Added\n/,
      );
      assert.equal(notesOf(folder, '0.2.0'), {
        status: 0,
        stdout: '### Added\n\n- Tea.\n',
        printed: '### Added\n\n- Tea.\n',
      });
      const again = runScript('prepare-release.mjs', '--folder', folder);
      assert.is(again.status, 1);
      assert.match(again.printed, /has a section for 0\.2\.0 already/);
    });
  });

  test('is refused if it has no notes, or the packages have another version', () => {
    withWorkspace(changelog, (folder) => {
      assert.match(notesOf(folder, '0.2.0').printed, /no section '## \[0\.2\.0\] - <date>'/);
      const { status, printed } = notesOf(folder, '0.1.0');
      assert.is(status, 1);
      assert.match(printed, /the packages have version 0\.2\.0, not 0\.1\.0/);
    });
  });

  test('publishes every package after those it depends on', () => {
    const published = runScript('publish-packages.mjs', '--list').stdout.trim().split('\n');
    const manifests = packageFolders.map(manifestOf);
    assert.equal([...published].sort(), manifests.map(({ name }) => name).sort());
    for (const { name, dependencies, optionalDependencies } of manifests) {
      for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
        if (!published.includes(needed)) continue;
        assert.ok(published.indexOf(needed) < published.indexOf(name), `${needed} before ${name}`);
      }
    }
  });

  test('has one version for all packages, of each other too', () => {
    const { fixed } = JSON.parse(readFileSync(join(root, '.changeset/config.json'), 'utf8'));
    assert.equal(fixed, [['llmteam', '@llmteam/*']]);
    const { version } = manifestOf('.');
    for (const folder of packageFolders) {
      const { name, version: own, dependencies = {} } = manifestOf(folder);
      assert.is(own, version, name);
      for (const [needed, wanted] of Object.entries(dependencies)) {
        if (/^(@llmteam\/|llmteam$)/.test(needed)) assert.is(wanted, version, `${name} needs ${needed}`);
      }
    }
  });
});
