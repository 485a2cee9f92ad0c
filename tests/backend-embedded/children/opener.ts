/** Opens the store and tells how that went. Argument: folder. */
import { is_llmteam_error } from '@llmteam/contracts';
import { open_store, tell } from './child.js';

try {
  await (await open_store()).close();
  tell({ code: 'ok' });
} catch (error) {
  tell({ code: is_llmteam_error(error) ? error.code : '', message: String(error) });
}
