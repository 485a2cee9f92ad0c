// own process: is loaded with `await`
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
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

/** A fake machine with its own PATH, source lists and cache. */
interface Machine {
  readonly folder: string;
  readonly cache: string;
  /** Installs a fake `nats-server` that prints this text, by default into a folder on the PATH. */
  install(told: string, place?: string): string;
  listMirror(uri: string): void;
  /** Writes one of apt's source lists. */
  list(name: string, text: string): void;
  /** Runs the script without apt. */
  provide(env?: Record<string, string>): Promise<Outcome>;
  /** Runs the script with apt, which accepts unsigned mirrors unless `env` configures it otherwise. */
  provideByApt(env?: Record<string, string>): Promise<Outcome>;
}

async function withMachine(use: (machine: Machine) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-provisioning-'));
  for (const place of ['bin', 'other', 'apt']) mkdirSync(join(folder, place));
  const cache = join(folder, 'cache');
  const places = ['--cache', cache, '--apt', join(folder, 'apt')];
  const unsigned = join(folder, 'unsigned.conf');
  writeFileSync(unsigned, 'Acquire::AllowInsecureRepositories "true";\nAPT::Get::AllowUnauthenticated "true";\n');
  const list = (name: string, text: string): void => {
    mkdirSync(join(folder, 'apt/sources.list.d'), { recursive: true });
    writeFileSync(join(folder, 'apt', name), text);
  };
  const provide = (env: Record<string, string>, ...path: readonly string[]): Promise<Outcome> => {
    const args = [join(scripts, 'nats-server.mjs'), '--suite', 'trixie', '--print', ...places];
    return run(args, { ...env, PATH: [join(folder, 'bin'), ...path].join(delimiter) });
  };
  try {
    await use({
      folder,
      cache,
      install: (told, place = 'bin') => writeServer(join(folder, place, 'nats-server'), told),
      list,
      listMirror: (uri) => list('sources.list', `deb ${uri} stable main\n`),
      provide: (env = {}) => provide(env),
      provideByApt: (env = {}) => provide({ APT_CONFIG: unsigned, ...env }, '/usr/sbin', '/usr/bin', '/sbin', '/bin'),
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

  test('without apt the one line says so', () =>
    withMachine(async ({ provide }) => refuses(await provide(), /none is on the PATH/, /there is no apt-get/)));

  test('an unknown suite is refused', async () => {
    refuses(await run([join(scripts, 'nats-server.mjs'), '--suite', 'bookworm'], {}), /unknown suite 'bookworm'/);
  });
});

/** apt takes a second or two, more under load. */
const patient = { timeoutMs: 60_000 };

/** The real apt with a mirror in a folder. */
spec('a nats-server through apt', (test) => {
  if (!works('the download through apt', 'apt-get', ['--version'])) return;
  if (!works('the download through apt', 'dpkg-deb', ['--version'])) return;

  test(
    'the package of the suite is unpacked into the cache, once',
    () =>
      withMachine(async ({ folder, cache, provideByApt, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        const path = join(cache, 'trixie/nats-server');
        gives(await provideByApt(), path);
        rmSync(join(folder, 'debian'), { recursive: true });
        gives(await provideByApt(), path);
        assert.equal(readdirSync(cache), ['trixie']);
      }),
    patient,
  );

  test(
    'one on the PATH that is too old is no obstacle',
    () =>
      withMachine(async ({ folder, cache, provideByApt, listMirror, install }) => {
        install('nats-server: v2.9.10');
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        gives(await provideByApt(), join(cache, 'trixie/nats-server'));
      }),
    patient,
  );

  test(
    'several processes that fetch it at once all get a whole one, and leave nothing else',
    () =>
      withMachine(async ({ folder, cache, provideByApt, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        const outcomes = await Promise.all(Array.from({ length: 4 }, () => provideByApt()));
        for (const outcome of outcomes) gives(outcome, join(cache, 'trixie/nats-server'));
        assert.equal(readdirSync(cache), ['trixie']);
        assert.equal(readdirSync(join(cache, 'trixie')), ['nats-server']);
      }),
    patient,
  );

  test(
    'one in the cache that does not run is replaced, and what a killed download left is removed after an hour',
    () =>
      withMachine(async ({ folder, cache, provideByApt, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        for (const name of ['trixie', 'download-old', 'download-new'])
          mkdirSync(join(cache, name), { recursive: true });
        writeFileSync(join(cache, 'trixie/nats-server'), 'half a program');
        const twoHoursAgo = Date.now() / 1000 - 7_200;
        utimesSync(join(cache, 'download-old'), twoHoursAgo, twoHoursAgo);
        gives(await provideByApt(), join(cache, 'trixie/nats-server'));
        assert.equal(readdirSync(cache).sort(), ['download-new', 'trixie']);
      }),
    patient,
  );

  test(
    'a suite whose server is too old is refused, and not kept',
    () =>
      withMachine(async ({ folder, cache, provideByApt, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.9.10'));
        refuses(await provideByApt(), /the one of Debian trixie is 2\.9\.10/);
        assert.equal(readdirSync(join(cache, 'trixie')), []);
      }),
    patient,
  );

  test(
    'a mirror that does not answer is named in the one line',
    () =>
      withMachine(async ({ folder, cache, provideByApt, listMirror }) => {
        listMirror(`file:${folder}/debian`);
        refuses(await provideByApt(), /apt did not get one \(.*debian/);
        listMirror('http://127.0.0.1:1/debian');
        const impatient = join(folder, 'impatient.conf');
        writeFileSync(impatient, 'Acquire::Retries "0";\n');
        refuses(await provideByApt({ APT_CONFIG: impatient }), /apt did not get one \(.*127\.0\.0\.1/);
        assert.equal(readdirSync(cache), ['trixie']);
      }),
    patient,
  );

  test(
    'a mirror without a signature is refused',
    () =>
      withMachine(async ({ folder, cache, provideByApt, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        const strict = join(folder, 'strict.conf');
        writeFileSync(strict, 'Acquire::AllowInsecureRepositories "false";\n');
        refuses(
          await provideByApt({ APT_CONFIG: strict }),
          /apt did not get one \(The repository .*trixie.* (does not have a Release file|is not signed)/,
        );
        assert.equal(readdirSync(join(cache, 'trixie')), []);
      }),
    patient,
  );

  test(
    'a package with another checksum than the index says is refused',
    () =>
      withMachine(async ({ folder, cache, provideByApt, listMirror }) => {
        listMirror(writeMirror(folder, 'trixie', '2.10.27'));
        const archive = join(folder, 'debian/pool/nats-server_trixie.deb');
        const bytes = readFileSync(archive);
        bytes[bytes.length - 1] = 255 - (bytes.at(-1) ?? 0);
        writeFileSync(archive, bytes);
        refuses(await provideByApt(), /nats-server_trixie\.deb +Hash Sum mismatch/);
        assert.equal(readdirSync(join(cache, 'trixie')), []);
      }),
    patient,
  );
});

/** Debian mirrors are recognized by their address; apt verifies that the packages are Debian's. */
spec('the Debian mirrors of a machine', (test) => {
  if (!works('the lists of apt', 'apt-get', ['--version'])) return;

  test(
    'are found in both formats of the lists',
    () =>
      withMachine(async ({ folder, cache, provideByApt, list }) => {
        const uri = writeMirror(folder, 'trixie', '2.10.27');
        list('sources.list', `deb [ arch=all ] ${uri} bookworm main contrib # ours\n`);
        gives(await provideByApt(), join(cache, 'trixie/nats-server'));
        rmSync(cache, { recursive: true });
        rmSync(join(folder, 'apt/sources.list'));
        list(
          'sources.list.d/some.sources',
          `Types: deb deb-src\n# a comment\nURIs: file:/nowhere/debian\n ${uri}\nSuites: bookworm bookworm-updates\nComponents: main\n`,
        );
        gives(await provideByApt(), join(cache, 'trixie/nats-server'));
      }),
    patient,
  );

  test(
    'are tried one after the other',
    () =>
      withMachine(async ({ folder, cache, provideByApt, list }) => {
        const uri = writeMirror(folder, 'trixie', '2.10.27');
        const lines = ['file:/nowhere/debian', uri, 'file:/elsewhere/runner/debian'].map(
          (one) => `deb ${one} stable main\n`,
        );
        list('sources.list', lines.join(''));
        gives(await provideByApt(), join(cache, 'trixie/nats-server'));
      }),
    patient,
  );

  test(
    'are not discs, sources of code, security updates, other distributions, other components, or what is switched off',
    () =>
      withMachine(async ({ folder, provideByApt, list }) => {
        const uri = writeMirror(folder, 'trixie', '2.10.27');
        refuses(await provideByApt(), /no Debian mirror is listed/);
        list(
          'sources.list',
          [
            `# deb ${uri} bookworm main`,
            'deb cdrom:[Debian GNU/Linux 12 _Bookworm_ - Official amd64]/debian bookworm main',
            `deb-src ${uri} bookworm main`,
            `deb ${uri} bookworm-security main`,
            `deb ${uri} bookworm-updates main`,
            `deb ${uri} bookworm stable`,
            `deb ${uri} ./`,
            'deb http://mirror.example/ubuntu noble main universe',
            'deb http://browser.example/chrome/deb stable main',
            '',
          ].join('\n'),
        );
        list(
          'sources.list.d/off.sources',
          `Enabled: no\nTypes: deb\nURIs: ${uri}\nSuites: bookworm\nComponents: main\n`,
        );
        list('sources.list.d/old.list.bak', `deb ${uri} bookworm main\n`);
        refuses(await provideByApt(), /no Debian mirror is listed/);
      }),
    patient,
  );
});
