/**
 * A process that ends with the test process, however that ends: a shell beside it waits for the end of a pipe that only we hold.
 * The shell it is started by becomes the process; the one it leaves beside it gets a line when the process has ended, and the end of the
 * pipe when nobody is left to write one.
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
  // the guard may be gone before us if the whole group was killed
  line.on('error', () => undefined);
  child.once('exit', () => line.end('ended\n'));
  return child;
}
