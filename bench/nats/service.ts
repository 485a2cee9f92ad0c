/** One `llmteam serve …` process of a benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const llmteam = fileURLToPath(new URL('../../../clients/cli/bin/llmteam.js', import.meta.url));

export class Service {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<unknown>,
  ) {}

  /** Resolves once the worker takes jobs, or the coordinator has taken over this many partitions. */
  static async start(
    kind: 'coordinator' | 'worker',
    configFile: string,
    env: Record<string, string>,
    partitions = 1,
  ): Promise<Service> {
    const child = spawn(process.execPath, [llmteam, 'serve', kind, '--config', configFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LLMTEAM_LOG_FORMAT: 'json', ...env },
    });
    const service = new Service(child, once(child, 'exit'));
    if (kind === 'worker') await service.says('the worker takes jobs', 1);
    else await service.says('partition taken over', partitions);
    return service;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }

  private async says(words: string, times: number): Promise<void> {
    const lines: string[] = [];
    let said = 0;
    await new Promise<void>((resolve, reject) => {
      const reader = createInterface({ input: this.child.stderr ?? process.stdin });
      reader.on('line', (line) => {
        if (lines.length < 50) lines.push(line);
        if (line.includes(words) && ++said === times) resolve();
      });
      reader.on('close', () => reject(new Error(`a service ended before it was ready:\n${lines.join('\n')}`)));
    });
  }
}
