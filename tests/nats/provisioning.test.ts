import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import { works } from '../backend-embedded/child-process.js';
import { spec } from '../support/spec.js';
import { writeMirror, writeServer } from './debian-mirror.js';

const scripts = join(import.meta.dirname, '../../../scripts');
const { isNewEnough } = (await import(pathToFileURL(join(scripts, 'nats/server-version.mjs')).href)) as {
  isNewEnough(version: string | undefined): boolean;
};

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine with a PATH, lists of sources and a cache of its own. */
interface Machine {
  readonly folder: string;
  readonly cache: string;
  /** Puts a program `nats-server` into a folder, which tells this; the folder is on the PATH unless it is another. */
  install(told: string, place?: string): string;
  listMirror(uri: string): void;
  /** Runs the script; without apt unless `withApt`. */
  provide(env?: Record<string, string>, withApt?: boolean): Promise<Outcome>;
}

async function withMachine(use: (machine: Machine) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-provisioning-'));
  for (const place of ['bin', 'other', 'apt']) mkdirSync(join(folder, place));
  const cache = join(folder, 'cache');
  const places = ['--cache', cache, '--apt', join(folder, 'apt')];
  try {
    await use({
      folder,
      cache,
      install: (told, place = 'bin') => writeServer(join(folder, place, 'nats-server'), told),
      listMirror(uri) {
        writeFileSync(join(folder, 'apt/sources.list'), `deb [trusted=yes] ${uri} stable main\n`);
      },
      provide(env = {}, withApt = false) {
        const path = [join(folder, 'bin'), ...(withApt ? ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] : [])];
        const args = [join(scripts, 'nats-server.mjs'), '--suite', 'trixie', '--print', ...places];
        return run(args, { ...env, PATH: path.join(delimiter) });
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[], env: Record<string, string>): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (text: Buffer) => {
      said.stdout += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      said.stderr += text.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
  });
}

function gives({ code, stdout, stderr }: Outcome, path: string): void {
  assert.equal({ code, stdout, stderr }, { code: 0, stdout: `${path}\n`, stderr: '' });
}

function refuses({ code, stdout, stderr }: Outcome, ...reasons: RegExp[]): void {
  assert.is(code, 1);
  assert.is(stdout, '');
  assert.match(stderr, /^[^\n]+\n$/);
  for (const reason of reasons) assert.match(stderr, reason);
}

spec('a nats-server that is there', (test) => {
  test('2.10.23 and whatever came after it is new enough', () => {
    for (const version of ['2.10.23', '2.10.27', '2.11.0', '2.15.1', '2.16.0-RC.1', '3.0.0', '10.0.0']) {
      assert.ok(isNewEnough(version), version);
    }
    for (const version of ['2.10.22', '2.10.23-RC.1', '2.10.3', '2.9.10', '2.9.99', '1.99.99', undefined]) {
      assert.not.ok(isNewEnough(version), version);
    }
  });

  test('one on the PATH is taken if it is new enough', () =>
    withMachine(async ({ install, provide }) => {
      const path = install('nats-server: v2.10.23');
      gives(await provide(), path);
    }));

  test('one on the PATH that is too old is refused in one line, which says how to get another', () =>
    withMachine(async ({ install, provide }) => {
      install('nats-server: v2.9.10');
      const installIt = /(brew install|apk add|unpack a release) .*set NATS_SERVER_BIN/;
      refuses(
        await provide(),
        /nats-server 2\.10\.23 or later is needed/,
        /the one on the PATH is 2\.9\.10/,
        installIt,
      );
    }));

  test('a program of the same name that is something else is passed over', () =>
    withMachine(async ({ install, provide }) => {
      install('NATS Server, second edition');
      refuses(await provide(), /none is on the PATH/);
    }));

  test('one that NATS_SERVER_BIN names goes before the PATH, and one that is named for the suite before both', () =>
    withMachine(async ({ install, provide, folder }) => {
      install('nats-server: v2.12.0');
      const named = install('nats-server: v2.11.0', 'other');
      gives(await provide({ NATS_SERVER_BIN: named }), named);
      const ofSuite = writeServer(join(folder, 'other/older'), 'nats-server: v2.10.27');
      gives(await provide({ NATS_SERVER_BIN: named, NATS_SERVER_BIN_TRIXIE: ofSuite }), ofSuite);
      gives(await provide({ NATS_SERVER_BIN: named, NATS_SERVER_BIN_TESTING: ofSuite }), named);
    }));

  test('one that is named and does not do is refused, whatever else there is', () =>
    withMachine(async ({ install, provide, folder }) => {
      install('nats-server: v2.12.0');
      const named = install('nats-server: v2.9.10', 'other');
      refuses(
        await provide({ NATS_SERVER_BIN: named }),
        /NATS_SERVER_BIN is nats-server 2\.9\.10, and 2\.10\.23 or later/,
      );
      const nothing = join(folder, 'nothing');
      refuses(await provide({ NATS_SERVER_BIN: nothing }), /NATS_SERVER_BIN is no nats-server that runs here/);
    }));

  test('without a Debian mirror in the lists, or without apt, the one line says so', () =>
    withMachine(async ({ provide, listMirror, folder }) => {
      refuses(await provide(), /none is on the PATH/, /no Debian mirror is listed/);
      listMirror(`file:${folder}/debian`);
      refuses(await provide(), /there is no apt-get/);
    }));

  test('an unknown suite is refused', async () => {
    refuses(await run([join(scripts, 'nats-server.mjs'), '--suite', 'bookworm'], {}), /there is no suite 'bookworm'/);
  });
});

/** apt takes a second or two, more where much else goes on. */
const patient = { timeoutMs: 60_000 };

/** apt itself, on a mirror in a folder. */
spec('a nats-server through apt', (test) => {
  test('needs apt and dpkg, or a line that says that there is none', () =>
    withMachine(async ({ provide }) => refuses(await provide({}, true), /no Debian mirror is listed/)));

  if (!works('the download through apt', 'apt-get', ['--version'])) return;
  if (!works('the download through apt', 'dpkg-deb', ['--version'])) return;

  test(
    'the package of the suite is unpacked into the cache, once',
    () =>
      withMachine(async ({ folder, cache, provide, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        const path = join(cache, 'trixie/nats-server');
        gives(await provide({}, true), path);
        rmSync(join(folder, 'debian'), { recursive: true });
        gives(await provide({}, true), path);
        assert.equal(readdirSync(cache), ['trixie']);
      }),
    patient,
  );

  test(
    'one on the PATH that is too old is no obstacle',
    () =>
      withMachine(async ({ folder, cache, provide, listMirror, install }) => {
        install('nats-server: v2.9.10');
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        gives(await provide({}, true), join(cache, 'trixie/nats-server'));
      }),
    patient,
  );

  test(
    'several processes that fetch it at once all get a whole one, and leave nothing else',
    () =>
      withMachine(async ({ folder, cache, provide, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        const outcomes = await Promise.all(Array.from({ length: 4 }, () => provide({}, true)));
        for (const outcome of outcomes) gives(outcome, join(cache, 'trixie/nats-server'));
        assert.equal(readdirSync(cache), ['trixie']);
        assert.equal(readdirSync(join(cache, 'trixie')), ['nats-server']);
      }),
    patient,
  );

  test(
    'one in the cache that does not run is replaced, and what a killed download left is removed after an hour',
    () =>
      withMachine(async ({ folder, cache, provide, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        for (const name of ['trixie', 'download-old', 'download-new'])
          mkdirSync(join(cache, name), { recursive: true });
        writeFileSync(join(cache, 'trixie/nats-server'), 'half a program');
        const twoHoursAgo = Date.now() / 1000 - 7_200;
        utimesSync(join(cache, 'download-old'), twoHoursAgo, twoHoursAgo);
        gives(await provide({}, true), join(cache, 'trixie/nats-server'));
        assert.equal(readdirSync(cache).sort(), ['download-new', 'trixie']);
      }),
    patient,
  );

  test(
    'a suite whose server is too old is refused, and not kept',
    () =>
      withMachine(async ({ folder, cache, provide, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.9.10'));
        refuses(await provide({}, true), /the one of Debian trixie is 2\.9\.10/);
        assert.equal(readdirSync(join(cache, 'trixie')), []);
      }),
    patient,
  );

  test(
    'a mirror that does not answer is named in the one line',
    () =>
      withMachine(async ({ folder, cache, provide, listMirror }) => {
        listMirror(`file:${folder}/debian`);
        refuses(await provide({}, true), /apt did not get one \(.*debian/);
        listMirror('http://127.0.0.1:1/debian');
        const impatient = join(folder, 'impatient.conf');
        writeFileSync(impatient, 'Acquire::Retries "0";\n');
        refuses(await provide({ APT_CONFIG: impatient }, true), /apt did not get one \(.*127\.0\.0\.1/);
        assert.equal(readdirSync(cache), ['trixie']);
      }),
    patient,
  );
});
