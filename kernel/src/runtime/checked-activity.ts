import { Activity, LlmteamError } from '@llmteam/contracts';
import { jsonCopy } from '../plugins/json-copy.js';
import { contractFaults } from '../validation/contract-faults.js';
import { makeAjv } from '../validation/schemas/ajv.js';
import { jsonFault, withoutUndefined } from './json-guard.js';

const ajv = makeAjv();

/**
 * An activity as it is journaled, before it becomes an event. Plugins may be plain JavaScript, and readers rely on the event catalog.
 * @throws LlmteamError `STEP_RESULT_INVALID`
 */
export function checkedActivity(recorded: Activity): Activity {
  const copy = jsonCopy({ ...recorded });
  const activity = withoutUndefined({ ...copy, payload: withoutUndefined(copy.payload) });
  const fault = jsonFault(activity);
  if (fault !== null) throw invalid(`it cannot be stored as JSON: ${fault}`);
  if (ajv.validate(Activity, activity)) return activity as Activity;
  const faults = contractFaults(Activity, activity, 'activity');
  throw invalid(faults.map(({ message }) => message).join('; '));
}

function invalid(what: string): LlmteamError {
  return new LlmteamError('STEP_RESULT_INVALID', `recorded activity: ${what}`);
}
