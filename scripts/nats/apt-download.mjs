/**
 * Purpose: the nats-server of another Debian suite, by apt, from the mirror of this machine. Nothing is installed and no list of the
 * machine is touched: apt works in a folder of its own, so any user may do this.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mainArchive, readSources, sourcesFor } from './apt-sources.mjs';

const stepTimeoutMs = 180_000;

/** apt cannot get the package. Its message is half a line. */
export class AptFailure extends Error {}

/**
 * @param {string} suite
 * @param {string} folder An empty folder to work in.
 * @param {string} apt The folder of apt's configuration.
 * @returns {string} The path of the program, inside `folder`.
 */
export function downloadServer(suite, folder, apt) {
  const archive = mainArchive(readSources(apt));
  if (!archive) throw new AptFailure(`no Debian mirror is listed in ${apt}`);
  const options = aptOptions(folder);
  writeFileSync(join(folder, 'suite.sources'), sourcesFor(suite, archive));
  run('apt-get', [...options, 'update'], folder);
  run('apt-get', [...options, 'download', 'nats-server'], folder);
  const packages = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  run('dpkg-deb', ['-x', ...packages, 'unpacked'], folder);
  const path = ['usr/sbin', 'usr/bin'].map((place) => join(folder, 'unpacked', place, 'nats-server')).find(existsSync);
  if (!path) throw new AptFailure(`no program is in ${packages.join(' ')}`);
  return path;
}

function aptOptions(folder) {
  for (const needed of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, needed), { recursive: true });
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'suite.sources'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    // else root's apt downloads as a user who may not write here, and says so
    'APT::Sandbox::User': 'root',
    'APT::Update::Error-Mode': 'any',
  };
  return ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

function run(command, args, folder) {
  const env = { ...process.env, LC_ALL: 'C' };
  const done = spawnSync(command, args, { cwd: folder, env, encoding: 'utf8', timeout: stepTimeoutMs });
  if (done.status === 0) return;
  if (done.error?.code === 'ENOENT') throw new AptFailure(`there is no ${command}`);
  if (done.error) throw new AptFailure(`${command}: ${done.error.message}`);
  throw new AptFailure(firstComplaint(done.stderr) ?? `${command} ended with ${done.status ?? done.signal}`);
}

/** `E: Unable to locate package nats-server`, without the letter. */
function firstComplaint(stderr) {
  return /^(?:[EW]|dpkg-deb: error): *(.*\S)/m.exec(stderr)?.[1];
}
