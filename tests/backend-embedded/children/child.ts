/** What the programs that tests start and kill have in common. */
import { openSqliteBackend } from '@llmteam/backend-embedded';
import { type Backend, isLlmteamError, type Journal, type NewEntry, type RunKey } from '@llmteam/contracts';
import { systemClock } from '@llmteam/kernel';

/** Opens the store in the folder that the first argument names. */
export async function openStore(synchronous: 'full' | 'relaxed' = 'full'): Promise<Backend> {
  return openSqliteBackend({ folder: process.argv[2] ?? '', clock: systemClock(), synchronous });
}

/** One line of JSON to who started the program. Pipes are written synchronously: what is told was told before a kill. */
export function tell(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** The code of what the promise rejects with; 'ok' if it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    return isLlmteamError(error) ? error.code : String(error);
  }
}

export function note(messageId: string, text = messageId): NewEntry {
  return { message_id: messageId, fact: { type: 'signal.received', at: 0, name: 'told', payload: text } };
}

export const run: RunKey = { tenant_id: 'acme', run_id: 'run-1' };

/** Appends m0, m1 … with so many characters each until one fails; answers how many did not, and with what code it failed. */
export async function appendUntilFailure(journal: Journal, characters: number, most = Number.POSITIVE_INFINITY) {
  let kept = 0;
  while (kept < most) {
    const code = await codeOf(journal.append(run, [note(`m${kept}`, 'x'.repeat(characters))]));
    if (code !== 'ok') return { kept, code };
    kept += 1;
  }
  return { kept, code: 'ok' };
}
