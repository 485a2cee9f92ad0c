/**
 * Purpose: provides Prometheus and promtool for the tests of deploy/observe, without Docker and without installing anything.
 *
 *   node scripts/prometheus.mjs    prints the paths of both, a line each
 *
 * Those that PROMETHEUS_BIN and PROMTOOL_BIN name are taken, or those on the PATH; otherwise apt downloads them (nats/apt-download.mjs).
 * If there are none it prints one line that says why, and exits with 1.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AptFailure, downloadPrograms } from './nats/apt-download.mjs';

const programs = ['prometheus', 'promtool'];
/** It has the version that docker-compose.yml runs. */
const suite = 'testing';
const cache = join(dirname(fileURLToPath(import.meta.url)), '../node_modules/.cache/prometheus');

function runs(path) {
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

function present() {
  const named = programs.map((name) => process.env[`${name.toUpperCase()}_BIN`] ?? name);
  return named.every(runs) ? named : null;
}

/** They get into the cache by a rename, so what is there is complete, even if several processes fill it. */
function download() {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'download-'));
  try {
    const paths = downloadPrograms(programs, suite, folder, '/etc/apt');
    const broken = paths.find((path) => !runs(path));
    if (broken !== undefined) throw new AptFailure(`the one of Debian ${suite} does not run here`);
    programs.forEach((name, place) => {
      renameSync(paths[place], join(cache, name));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function provide() {
  const found = present();
  if (found !== null) return found;
  const cached = programs.map((name) => join(cache, name));
  if (!cached.every((path) => existsSync(path))) download();
  return cached;
}

try {
  console.log(provide().join('\n'));
} catch (error) {
  if (!(error instanceof AptFailure)) throw error;
  console.error(`Prometheus is needed: set PROMETHEUS_BIN and PROMTOOL_BIN; apt did not get it (${error.message})`);
  process.exitCode = 1;
}
