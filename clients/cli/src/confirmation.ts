import { createInterface } from 'node:readline/promises';
import { LlmteamError } from '@llmteam/contracts';
import type { Settings } from './settings.js';

/** Asks on the terminal; anything but yes is a no. @throws LlmteamError `USAGE` if there is nobody to ask */
export async function confirm({ streams }: Pick<Settings, 'streams'>, question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || !streams.stderrIsTerminal) {
    throw new LlmteamError('USAGE', 'there is nobody to ask; confirm with --yes');
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}
