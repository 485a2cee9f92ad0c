/** Opens the store and reports the outcome. Argument: folder. */
import { isLlmteamError } from '@llmteam/contracts';
import { openStore, tell } from './child.js';

try {
  await (await openStore()).close();
  tell({ code: 'ok' });
} catch (error) {
  tell({ code: isLlmteamError(error) ? error.code : '', message: String(error) });
}
