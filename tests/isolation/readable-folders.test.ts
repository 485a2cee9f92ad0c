/** What the process of a plugin may read, with Node's own resolver and permission model. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ReadableFolders } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

interface Scene {
  /** Writes a package that exports its name. */
  pack(path: string, description?: object): void;
  link(path: string, target: string): void;
  /** Which of the imports and files the package there reaches from its own code. */
  reached(plugin: string, tries: { imports?: readonly string[]; files?: readonly string[] }): Record<string, string>;
  refusal(plugin: string): string;
}

const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

/** It tells what it reaches, and how what it does not reach is refused. */
const prober = `import fs from 'node:fs';
const [imports, files] = JSON.parse(process.argv[2]);
const told = {};
const outcome = async (act) => { try { await act(); return 'ok'; } catch (error) { return error.code; } };
for (const name of imports) told[name] = await outcome(() => import(name));
for (const file of files) told[file] = await outcome(() => fs.readFileSync(file));
console.log(JSON.stringify(told));`;

function withScene(use: (scene: Scene) => void): void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'llmteam-readable-')));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const pathsOf = (plugin: string) => new ReadableFolders().of(plugin, join(folder, plugin));
  const scene: Scene = {
    pack: (path, description = {}) => {
      const name = path.split('node_modules/').at(-1);
      write(
        `${path}/package.json`,
        JSON.stringify({ name, type: 'module', exports: './lib/index.js', ...description }),
      );
      write(`${path}/lib/index.js`, 'export default 1;');
      write(`${path}/creds`, 'secret');
    },
    link: (path, target) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      symlinkSync(target, join(folder, path));
    },
    reached: (plugin, { imports = [], files = [] }) => {
      write(`${plugin}/lib/prober.js`, prober);
      const told = JSON.stringify([imports, files.map((file) => join(folder, file))]);
      const flags = pathsOf(plugin).map((path) => `--allow-fs-read=${path}`);
      const main = realpathSync(join(folder, plugin, 'lib/prober.js'));
      const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', permission, ...flags, main, told], {
        encoding: 'utf8',
        env: {},
      });
      assert.is(stderr, '');
      return JSON.parse(stdout.replaceAll(`${folder}/`, '')) as Record<string, string>;
    },
    refusal: (plugin) => {
      try {
        return `nothing of ${pathsOf(plugin).length} paths`;
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        return `${code}: ${message}`.replaceAll(`${folder}/`, '');
      }
    },
  };
  try {
    use(scene);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const needs = (...names: readonly string[]) => ({
  dependencies: Object.fromEntries(names.map((name) => [name, '*'])),
});

spec('what a process may read', (test) => {
  test('as npm installs: its own files and what it names, also by way of others; not what only lies beside it', () =>
    withScene(({ pack, reached }) => {
      pack('node_modules/plug', { ...needs('near', '@s/dep'), optionalDependencies: { may: '*', absent: '*' } });
      pack('node_modules/plug/node_modules/near', needs('far'));
      pack('node_modules/plug/node_modules/stowaway');
      for (const name of ['@s/dep', 'may', 'far', 'other']) pack(`node_modules/${name}`);
      const told = reached('node_modules/plug', {
        imports: ['near', '@s/dep', 'may', 'absent', 'stowaway', 'other'],
        files: ['plug/creds', '@s/dep/creds', 'far/creds', 'plug/node_modules/stowaway/creds', 'other/creds'].map(
          (file) => `node_modules/${file}`,
        ),
      });
      assert.equal(told, {
        near: 'ok',
        '@s/dep': 'ok',
        may: 'ok',
        absent: 'ERR_MODULE_NOT_FOUND',
        stowaway: 'ERR_ACCESS_DENIED',
        other: 'ERR_ACCESS_DENIED',
        'node_modules/plug/creds': 'ok',
        'node_modules/@s/dep/creds': 'ok',
        'node_modules/far/creds': 'ok',
        'node_modules/plug/node_modules/stowaway/creds': 'ERR_ACCESS_DENIED',
        'node_modules/other/creds': 'ERR_ACCESS_DENIED',
      });
    }));

  test('as pnpm installs: a link to each package', () =>
    withScene(({ pack, link, reached }) => {
      pack('node_modules/.pnpm/plug@1/node_modules/plug', needs('dep'));
      pack('node_modules/.pnpm/dep@1/node_modules/dep', { peerDependencies: { peer: '*' } });
      pack('node_modules/.pnpm/peer@1/node_modules/peer');
      link('node_modules/plug', '.pnpm/plug@1/node_modules/plug');
      link('node_modules/.pnpm/plug@1/node_modules/dep', '../../dep@1/node_modules/dep');
      link('node_modules/.pnpm/dep@1/node_modules/peer', '../../peer@1/node_modules/peer');
      const peer = 'node_modules/.pnpm/peer@1/node_modules/peer/creds';
      assert.equal(reached('node_modules/plug', { imports: ['dep', 'peer'], files: [peer] }), {
        dep: 'ok',
        // Not its own dependency.
        peer: 'ERR_MODULE_NOT_FOUND',
        [peer]: 'ok',
      });
    }));

  test('in a workspace: packages of the operator are links, have packages of their own, and commands', () =>
    withScene(({ pack, link, reached }) => {
      pack('packages/plug', needs('@s/lib'));
      pack('packages/lib', { name: '@s/lib', ...needs('dep'), devDependencies: { tool: '*', sibling: '*' } });
      pack('packages/sibling');
      pack('node_modules/tool');
      pack('packages/lib/node_modules/dep');
      link('node_modules/@s/lib', '../../packages/lib');
      link('packages/lib/node_modules/sibling', '../../sibling');
      link('packages/lib/node_modules/.bin/tool', '../../../../node_modules/tool/lib/index.js');
      assert.equal(reached('packages/plug', { imports: ['@s/lib'], files: ['packages/lib/node_modules/dep/creds'] }), {
        '@s/lib': 'ok',
        'packages/lib/node_modules/dep/creds': 'ok',
      });
    }));

  test('a package may be a link to a link, as `npm link` makes them', () =>
    withScene(({ pack, link, reached }) => {
      pack('own/plug', needs('@s/lib'));
      pack('packages/lib', { name: '@s/lib' });
      link('global/node_modules/@s/lib', '../../../packages/lib');
      link('own/plug/node_modules/@s/lib', '../../../../global/node_modules/@s/lib');
      assert.equal(reached('own/plug', { imports: ['@s/lib'], files: ['packages/lib/creds'] }), {
        '@s/lib': 'ok',
        'packages/lib/creds': 'ok',
      });
    }));

  test('a link in it, in a dependency or behind a link that leads elsewhere is a reason to refuse it', () =>
    withScene(({ pack, link, refusal }) => {
      const refused = (plugin: string, path: string, target: string) =>
        assert.is(
          refusal(plugin),
          `PLUGIN_INVALID: plugin '${plugin}' cannot have a process of its own: the link '${path}' leads to '${target}', which is outside of it and of its dependencies`,
        );
      pack('node_modules/own');
      link('node_modules/own/assets', '/');
      refused('node_modules/own', 'node_modules/own/assets', '/');

      pack('node_modules/by-dependency', needs('dep'));
      pack('node_modules/dep');
      link('node_modules/dep/lib/deep', '/proc');
      refused('node_modules/by-dependency', 'node_modules/dep/lib/deep', '/proc');

      pack('node_modules/sly', needs('inner'));
      pack('node_modules/sly/node_modules/inner');
      pack('node_modules/sly/node_modules/stowaway');
      link('node_modules/sly/more', 'node_modules/stowaway');
      refused('node_modules/sly', 'node_modules/sly/more', 'node_modules/sly/node_modules/stowaway');

      pack('packages/plug', needs('lib'));
      pack('packages/lib', { devDependencies: { tool: '*' } });
      pack('node_modules/tool');
      link('node_modules/lib', '../packages/lib');
      link('packages/lib/node_modules/tool', '../../../node_modules/tool');
      link('node_modules/tool/node_modules/rootfs', '/proc');
      refused('packages/plug', 'node_modules/tool/node_modules/rootfs', '/proc');
    }));

  test('links within it, and to what it may read, are none', () =>
    withScene(({ pack, link, refusal }) => {
      pack('node_modules/plug', needs('dep'));
      pack('node_modules/dep');
      link('node_modules/plug/lib/again', '../creds');
      link('node_modules/plug/borrowed', '../dep/lib');
      assert.match(refusal('node_modules/plug'), /^nothing of/);
    }));

  test('a dependency that leads out of what is installed is left out, whatever is there', () =>
    withScene(({ pack, link, reached }) => {
      pack('home');
      pack('node_modules/plug', needs('rootfs', 'home'));
      link('node_modules/rootfs', '/proc');
      link('node_modules/home', '../home');
      const files = ['node_modules/rootfs/self/environ', 'node_modules/home/creds', 'home/creds'];
      assert.equal(
        reached('node_modules/plug', { files }),
        Object.fromEntries(files.map((file) => [file, 'ERR_ACCESS_DENIED'])),
      );
    }));

  test('packages behind a link to a whole folder of them cannot be told apart', () =>
    withScene(({ pack, link, refusal }) => {
      pack('elsewhere/node_modules/dep');
      pack('plug', needs('dep'));
      link('plug/node_modules', '../elsewhere/node_modules');
      assert.match(refusal('plug'), /^PLUGIN_INVALID: .* finds 'dep' through the link 'plug\/node_modules'/);
    }));
});
