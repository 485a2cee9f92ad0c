import { type Plugin, pluginApiVersion } from '@llmteam/contracts';
import { conditionType } from './condition.js';
import { criticLoopType } from './critic-loop.js';
import { delayType } from './delay.js';
import { humanTaskType } from './human-task.js';
import { loopType } from './loop.js';
import { mapType } from './map.js';
import { parallelJoinType } from './parallel-join.js';
import { parallelSplitType } from './parallel-split.js';
import { subworkflowType } from './subworkflow.js';
import { switchType } from './switch.js';
import { waitForSignalType } from './wait-for-signal.js';

export {
  conditionType,
  criticLoopType,
  delayType,
  humanTaskType,
  loopType,
  mapType,
  parallelJoinType,
  parallelSplitType,
  subworkflowType,
  switchType,
  waitForSignalType,
};

const plugin: Plugin = {
  name: 'flow',
  api: pluginApiVersion,
  stepTypes: [
    conditionType,
    switchType,
    parallelSplitType,
    parallelJoinType,
    loopType,
    mapType,
    criticLoopType,
    subworkflowType,
    delayType,
    waitForSignalType,
    humanTaskType,
  ],
};

export default plugin;
