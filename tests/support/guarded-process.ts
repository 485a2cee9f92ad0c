/**
 * A process that ends with the test process, however that ends: a guard shell waits for EOF on a pipe that only the test process holds.
 * The starting shell execs the process and leaves the guard behind. The guard reads a line once the process has ended normally, and EOF
 * if the test process died before it could write one.
 */
import { type ChildProcess, type IOType, spawn } from 'node:child_process';
import { once } from 'node:events';

const guarded = '{ read -r _ || kill -9 $$; } <&3 & exec "$@" 3<&-';

export interface GuardedOptions {
  readonly stdio: readonly [IOType | number, IOType | number, IOType | number];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export async function spawnGuarded(
  command: string,
  args: readonly string[],
  options: GuardedOptions,
): Promise<ChildProcess> {
  const { stdio, ...rest } = options;
  const child = spawn('sh', ['-c', guarded, 'sh', command, ...args], { ...rest, stdio: [...stdio, 'pipe'] });
  await once(child, 'spawn');
  const line = child.stdio[3];
  if (!line || !('write' in line)) throw new Error('the pipe of the guard is missing');
  // The guard may already be gone if the whole process group was killed.
  line.on('error', () => undefined);
  child.once('exit', () => line.end('ended\n'));
  return child;
}
