import { LlmteamError, Usage } from '@llmteam/contracts';
import { jsonCopy } from '../plugins/json-copy.js';
import { contractFaults } from '../validation/contract-faults.js';
import { makeAjv } from '../validation/schemas/ajv.js';

const ajv = makeAjv();

/** Usage that may be added to that of a run: sums of it stay numbers. @throws LlmteamError `STEP_RESULT_INVALID` */
export function checkedUsage(told: Usage): Usage {
  const usage = jsonCopy(told);
  if (ajv.validate(Usage, usage)) return usage;
  const faults = contractFaults(Usage, usage, 'usage');
  throw new LlmteamError('STEP_RESULT_INVALID', faults.map(({ message }) => message).join('; '));
}
