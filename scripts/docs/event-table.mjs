/**
 * When each event is derived and what its payload holds. `true` instead of keys: the step type's handler decides.
 * Compared with the event types of the contracts and with the events of tests/scenarios/ by event-page.mjs.
 */

const counts = { steps_completed: 'step occurrences that completed', steps_total: 'those that were decided' };

export const eventTable = {
  'segment.started': {
    when: 'The run was requested. The first event of every run.',
    payload: { segment_name: '`name` of the segment', parent_run_id: 'the run that started this one, or null' },
  },
  'segment.completed': { when: 'The run completed. `duration_ms` is that of the run.', payload: counts },
  'segment.failed': { when: 'The run failed; `error` says why.', payload: counts },
  'segment.cancelled': { when: 'Somebody cancelled the run, or its parent ended.', payload: counts },
  'segment.timeout': { when: 'The run took longer than its `timeout_seconds`.', payload: counts },
  'segment.paused': { when: 'Somebody paused the run: no more jobs go out.', payload: { reason: 'text or null' } },
  'segment.resumed': { when: 'Somebody resumed the run.', payload: { reason: 'text or null' } },
  'step.queued': { when: 'An attempt of a task step is ready for a worker.', payload: { queue: '`type@major`' } },
  'step.started': {
    when: 'A worker began an attempt; or a control step began.',
    payload: { worker: 'who runs it; only of task steps' },
  },
  'step.completed': {
    when: 'The step completed. `duration_ms` is that of its last attempt.',
    payload: { ports: 'names of the output ports that fired' },
  },
  'step.failed': {
    when: 'The last attempt failed; `error` says why. An edge from port `error` may catch it.',
    payload: {},
  },
  'step.skipped': { when: 'All edges into the step are dead.', payload: {} },
  'step.retrying': {
    when: 'An attempt failed with `error`, and another one follows.',
    payload: {
      delay_ms: 'milliseconds until then',
      next_attempt: 'its number',
      max_attempts: 'how many there may be',
    },
  },
  'step.waiting': {
    when: 'A control step waits for the world outside.',
    payload: { waiting_for: '`task …`, `run …`, `signal …` or `timer …`' },
  },
  'step.cancelled': {
    when: 'The step was ready or running and is no longer wanted: the run ended, a join took another branch, its iteration ended.',
    payload: {},
  },
  'human.task_created': {
    when: 'A person is asked.',
    payload: {
      task_id: '`<run_id>:<step key>`',
      task_type: '`approval`, `input`, `review`, `choice`',
      title: 'what is asked',
      assignee: 'who, or null: anybody',
    },
  },
  'human.task_assigned': {
    when: 'The task has an assignee from the start, or somebody claimed it.',
    payload: { task_id: '`<run_id>:<step key>`', assignee: 'who' },
  },
  'human.task_completed': {
    when: 'An answer was accepted.',
    payload: {
      task_id: '`<run_id>:<step key>`',
      decision: '`approve`, `reject`, `modify`, `answer`',
      answered_by: 'who',
    },
  },
  'human.task_escalated': {
    when: 'Nobody answered in time; the next person of the chain has the task.',
    payload: { task_id: '`<run_id>:<step key>`', assignee: 'who now', escalation_level: 'from 1' },
  },
  'action.started': { when: 'A handler began something it records: `http_action` a request.', payload: true },
  'action.completed': { when: 'It succeeded.', payload: true },
  'action.failed': { when: 'It failed: a request, or a model that `llm_agent` asked.', payload: true },
  'data.produced': { when: 'A handler records data it wrote. No built-in type does.', payload: true },
  'data.consumed': { when: 'A handler records data it read. No built-in type does.', payload: true },
  'critic_loop.started': {
    when: 'A `critic_loop` begins.',
    payload: {
      max_iterations: 'from the config',
      quality_threshold: 'from the config',
      no_improvement_limit: 'from the config',
      min_improvement: 'from the config',
      timeout_seconds: 'from the config',
    },
  },
  'critic_loop.iteration_started': { when: 'An iteration begins.', payload: { iteration: 'from 1' } },
  'critic_loop.iteration_completed': {
    when: 'An iteration gave a judgement.',
    payload: { iteration: 'from 1', score: '0 … 1', verdict: '`approved`, `revise`, `rejected`' },
  },
  'critic_loop.improvement': {
    when: 'The score is better than the best so far by `min_improvement` or more.',
    payload: { from: 'the best score before', to: 'the new one' },
  },
  'critic_loop.no_improvement': {
    when: 'It is not.',
    payload: { best: 'the best score', count: 'iterations in a row without an improvement' },
  },
  'critic_loop.completed': {
    when: 'The loop ends.',
    payload: {
      reason: '`approved`, `quality_threshold`, `max_iterations`, `no_improvement`, `rejected`, `timeout`',
      score: 'of the output that is returned',
      iterations: 'how many ran',
    },
  },
};
