/** Gets the nats-server of the tests from scripts/nats-server.mjs, once per suite and process. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** `testing` has the newest server, `trixie` the oldest supported one. */
export type NatsSuite = 'testing' | 'trixie';

export interface NatsBinary {
  readonly path: string;
  readonly version: string;
}

const script = join(import.meta.dirname, '../../../../scripts/nats-server.mjs');
const found = new Map<NatsSuite, Promise<NatsBinary>>();

/** Prints to stderr which server version the tests of the file run on. */
export function natsBinary(suite: NatsSuite): Promise<NatsBinary> {
  const known = found.get(suite) ?? find(suite);
  found.set(suite, known);
  return known;
}

/** `TEST_NATS_SUITE=trixie` runs every test that names no suite on the older server. */
export function defaultSuite(): NatsSuite {
  const wanted = process.env.TEST_NATS_SUITE ?? 'testing';
  if (wanted === 'testing' || wanted === 'trixie') return wanted;
  throw new Error(`TEST_NATS_SUITE is '${wanted}'; it may be testing or trixie`);
}

async function find(suite: NatsSuite): Promise<NatsBinary> {
  const path = (await tell(process.execPath, [script, '--suite', suite, '--print'])).trim();
  const version = /v(\d\S*)/.exec(await tell(path, ['--version']))?.[1] ?? 'of an unknown version';
  process.stderr.write(`nats-server ${version} (${suite})\n`);
  return { path, version };
}

async function tell(command: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(command, [...args])).stdout;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(said || `${command} did not run`, { cause: error });
  }
}
