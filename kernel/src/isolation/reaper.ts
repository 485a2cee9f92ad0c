/**
 * Ends child processes when this process dies without being able to: one that is killed runs no handler, and a child in an endless loop
 * would never notice. A shell waits for the end of its input, which the system closes with this process.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** Reads `+pid` and `-pid`, and at the end of its input kills those that are left. */
const script = `
pids=" "
while read -r line; do
  pid="\${line#?}"
  case "$line" in
    +*) pids="$pids$pid " ;;
    -*) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -9 "$pid"; done 2>/dev/null
`;

export class Reaper {
  private shell: ChildProcess | null = null;

  watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined || process.platform === 'win32') return;
    this.tell(`+${pid}`);
    child.once('exit', () => this.tell(`-${pid}`));
  }

  close(): void {
    this.shell?.stdin?.end();
    this.shell = null;
  }

  private tell(line: string): void {
    this.shell ??= openShell();
    this.shell.stdin?.write(`${line}\n`);
  }
}

function openShell(): ChildProcess {
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], env: {}, detached: true });
  // Without a shell, children that are stuck outlive a killed host; all others notice that it is gone.
  shell.on('error', () => undefined);
  shell.stdin?.on('error', () => undefined);
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  return shell;
}
