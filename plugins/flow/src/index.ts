import { define_plugin } from '@llmteam/contracts';
import { condition_type } from './condition.js';
import { critic_loop_type } from './critic-loop.js';
import { delay_type } from './delay.js';
import { human_task_type } from './human-task.js';
import { loop_type } from './loop.js';
import { map_type } from './map.js';
import { parallel_join_type } from './parallel-join.js';
import { parallel_split_type } from './parallel-split.js';
import { subworkflow_type } from './subworkflow.js';
import { switch_type } from './switch.js';
import { wait_for_signal_type } from './wait-for-signal.js';

export {
  condition_type,
  critic_loop_type,
  delay_type,
  human_task_type,
  loop_type,
  map_type,
  parallel_join_type,
  parallel_split_type,
  subworkflow_type,
  switch_type,
  wait_for_signal_type,
};

export default define_plugin({
  name: 'flow',
  api: 1,
  step_types: [
    condition_type,
    switch_type,
    parallel_split_type,
    parallel_join_type,
    loop_type,
    map_type,
    critic_loop_type,
    subworkflow_type,
    delay_type,
    wait_for_signal_type,
    human_task_type,
  ],
});
