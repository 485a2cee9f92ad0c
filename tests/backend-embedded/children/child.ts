/** Shared by the programs that tests start and kill. */
import { openSqliteBackend } from '@llmteam/backend-embedded';
import { type Backend, isLlmteamError, type Journal, type NewEntry, type RunKey } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';

/** Opens the store in the folder given as the first argument. */
export async function openStore(synchronous: 'full' | 'relaxed' = 'full'): Promise<Backend> {
  return openSqliteBackend({ folder: process.argv[2] ?? '', clock: systemClock(), synchronous });
}

/** Sends one line of JSON to the parent. Pipes are written synchronously, so no message is lost in a kill. */
export function tell(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** The code of the promise's rejection, or 'ok'. */
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

/** Appends m0, m1 … of this many characters until one fails; returns how many succeeded, and the code of the failure. */
export async function appendUntilFailure(journal: Journal, characters: number, most = Number.POSITIVE_INFINITY) {
  let kept = 0;
  while (kept < most) {
    const code = await codeOf(journal.append(run, [note(`m${kept}`, 'x'.repeat(characters))]));
    if (code !== 'ok') return { kept, code };
    kept += 1;
  }
  return { kept, code: 'ok' };
}
