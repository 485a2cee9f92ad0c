import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answered, Ask } from './requests.js';

/** Requests at a fixed rate, each on a new connection unless connections are kept. */
export interface SteadyLoad {
  readonly port: number;
  readonly key: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly ask: Ask;
  readonly keepsConnections: boolean;
}

const program = fileURLToPath(new URL('./children/steady-client.js', import.meta.url));

/** Makes the load in a process of its own. */
export async function steadyLoad(load: SteadyLoad): Promise<Answered[]> {
  const child = spawn(process.execPath, [program, JSON.stringify(load)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return JSON.parse(text);
}
