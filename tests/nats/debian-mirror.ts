/** A Debian mirror in a folder, with one package: a fake nats-server that only prints its version. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function writeServer(path: string, told: string): string {
  writeFileSync(path, `#!/bin/sh\necho '${told}'\n`);
  chmodSync(path, 0o755);
  return path;
}

/** @returns The address for a source list. */
export function writeMirror(folder: string, suite: string, version: string): string {
  const pool = join(folder, 'debian/pool');
  mkdirSync(pool, { recursive: true });
  const name = `nats-server_${suite}.deb`;
  const control = buildPackage(folder, join(pool, name), version);
  const size = statSync(join(pool, name)).size;
  const packages = `${control}Filename: pool/${name}\nSize: ${size}\nSHA256: ${sumOf(join(pool, name))}\n`;
  writeIndex(join(folder, 'debian/dists', suite), suite, packages);
  return `file:${folder}/debian`;
}

function buildPackage(folder: string, target: string, version: string): string {
  const content = join(folder, 'content');
  const control = `Package: nats-server\nVersion: ${version}-1\nArchitecture: all\nMaintainer: nobody\nDescription: tells its version\n`;
  mkdirSync(join(content, 'DEBIAN'), { recursive: true });
  mkdirSync(join(content, 'usr/sbin'), { recursive: true });
  writeFileSync(join(content, 'DEBIAN/control'), control);
  writeServer(join(content, 'usr/sbin/nats-server'), `nats-server: v${version}`);
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', content, target], { stdio: 'ignore' });
  rmSync(content, { recursive: true });
  return control;
}

function writeIndex(folder: string, suite: string, packages: string): void {
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const index = `main/binary-${architecture}/Packages`;
  mkdirSync(join(folder, index, '..'), { recursive: true });
  writeFileSync(join(folder, index), packages);
  const sums = `SHA256:\n ${sumOf(join(folder, index))} ${packages.length} ${index}\n`;
  const head = `Origin: Debian\nSuite: ${suite}\nArchitectures: ${architecture}\nComponents: main\n`;
  writeFileSync(join(folder, 'Release'), `${head}Date: ${new Date().toUTCString().replace('GMT', 'UTC')}\n${sums}`);
}

function sumOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
