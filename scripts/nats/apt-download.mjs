/**
 * Purpose: downloads programs of another Debian suite with apt, from the mirrors this machine uses. It installs nothing and
 * leaves the machine's package lists alone: apt works in a separate folder, so any user may do this.
 * Invariant: apt checks the package against the SHA-256 of an index signed by Debian; an unsigned mirror is rejected.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stepTimeoutMs = 180_000;
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** apt cannot get the package. The message is a sentence fragment. */
export class AptFailure extends Error {}

/**
 * @param {readonly string[]} names Of programs, each in a package of the same name.
 * @param {string} suite
 * @param {string} folder An empty folder to work in.
 * @param {string} apt The folder with apt's configuration.
 * @returns {string[]} The path of each binary, inside `folder`.
 */
export function downloadPrograms(names, suite, folder, apt) {
  const settings = aptSettings(folder);
  const mirrors = debianMirrors(settings, apt);
  if (mirrors.length === 0) throw new AptFailure(`no Debian mirror is listed in ${apt}`);
  const list = join(folder, 'suite.sources');
  writeFileSync(list, sourcesFor(suite, mirrors));
  const options = toOptions({ ...settings, 'Dir::Etc::sourcelist': list, 'Dir::Etc::sourceparts': '-' });
  // One failing mirror does not matter if another one has the package.
  const update = attempt('apt-get', [...options, 'update'], folder);
  const download = attempt('apt-get', [...options, 'download', ...names], folder);
  const fault = download.fault && (update.fault ?? download.fault);
  if (fault) throw new AptFailure(fault);
  const archives = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  for (const archive of archives) unpack(archive, folder);
  return names.map((name) => unpackedProgram(name, folder, archives));
}

function unpack(archive, folder) {
  const { fault } = attempt('dpkg-deb', ['-x', archive, 'unpacked'], folder);
  if (fault) throw new AptFailure(fault);
}

function unpackedProgram(name, folder, archives) {
  const path = ['usr/sbin', 'usr/bin'].map((place) => join(folder, 'unpacked', place, name)).find(existsSync);
  if (!path) throw new AptFailure(`${archives.join(', ')} contains no ${name}`);
  return path;
}

/** Lets apt parse its source lists, in either format, and print what it would fetch. */
function debianMirrors(settings, apt) {
  const lists = {
    'Dir::Etc::sourcelist': join(apt, 'sources.list'),
    'Dir::Etc::sourceparts': join(apt, 'sources.list.d'),
  };
  const { stdout, fault } = attempt(
    'apt-get',
    [...toOptions({ ...settings, ...lists }), '--print-uris', 'update'],
    '/',
  );
  if (fault && stdout === '') throw new AptFailure(fault);
  const indexes = stdout.matchAll(/^'([^']*debian[^']*)\/dists\/[a-z]+\/main\/binary-[^/']+\/Packages[^/']*'/gm);
  return [...new Set([...indexes].map(([, uri]) => uri))].filter((uri) => !uri.startsWith('cdrom:'));
}

/** A deb822 `.sources` file for packages only, without translations. */
function sourcesFor(suite, mirrors) {
  const fields = {
    Types: 'deb',
    URIs: mirrors.join(' '),
    Suites: suite,
    Components: 'main',
    Targets: 'Packages',
    Languages: 'none',
  };
  const lines = Object.entries({ ...fields, ...(existsSync(keyring) && { 'Signed-By': keyring }) });
  return lines.map(([name, value]) => `${name}: ${value}\n`).join('');
}

function aptSettings(folder) {
  for (const needed of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, needed), { recursive: true });
  return {
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    // As root, apt would otherwise download as a user without write access to this folder.
    'APT::Sandbox::User': 'root',
    'APT::Update::Error-Mode': 'any',
    // Allows a snapshot of the archive, whose indexes have expired.
    'Acquire::Check-Valid-Until': 'false',
  };
}

function toOptions(settings) {
  return ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** @returns {{ stdout: string, fault: string | null }} `fault` is one line, null if the command succeeded. */
function attempt(command, args, folder) {
  const env = { ...process.env, LC_ALL: 'C' };
  const done = spawnSync(command, args, { cwd: folder, env, encoding: 'utf8', timeout: stepTimeoutMs });
  if (done.error?.code === 'ENOENT') throw new AptFailure(`there is no ${command}`);
  if (done.error) throw new AptFailure(`${command}: ${done.error.message}`);
  const { status, signal, stdout, stderr } = done;
  const fault = status === 0 ? null : (firstComplaint(stderr) ?? `${command} ended with ${status ?? signal}`);
  return { stdout, fault };
}

/** `E: Unable to locate package nats-server`, without the letter. */
function firstComplaint(stderr) {
  return /^(?:[EW]|dpkg-deb: error): *(.*\S)/m.exec(stderr)?.[1];
}
