/** Purpose: runs a command of a check, whose output is shown only if it fails, so that several can run at a time. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
/** With the commands of the workspace on the path. */
export const env = { ...process.env, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter) };

/** Reports the result in one line on stdout; resolves to whether the command succeeded. */
export function step(name, command) {
  process.stderr.write(`… ${name}\n`);
  const started = performance.now();
  return new Promise((settle) => {
    const child = spawn(command, { cwd: root, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name}  ${seconds} s`);
      if (code !== 0) console.log(Buffer.concat(output).toString().trimEnd().replace(/^/gm, '     | '));
      settle(code === 0);
    });
  });
}
