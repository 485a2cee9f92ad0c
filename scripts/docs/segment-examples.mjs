/** Example segments of the pages. */

export const articleWriter = {
  version: '1.0',
  segment_id: 'article_writer',
  name: 'Article Writer Pipeline',
  entrypoint: 'research',
  steps: [
    {
      step_id: 'research',
      type: 'llm_agent',
      config: { llm_ref: 'gpt4', system_prompt: 'You are a researcher...' },
    },
  ],
};

export const triage = {
  version: '1.0',
  segment_id: 'ticket_triage',
  name: 'Ticket triage',
  entrypoint: 'classify',
  params: { max_retries: 2, timeout_seconds: null },
  input_schema: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
  output: '{"urgency": steps.classify.output.urgency, "called": has(steps.approve) && has(steps.approve.approved)}',
  steps: [
    {
      step_id: 'classify',
      type: 'llm_agent',
      config: {
        llm_ref: 'gpt4',
        user_prompt_template: 'How urgent is this, from 0 to 1? {text}',
        output_schema: { type: 'object', required: ['urgency'], properties: { urgency: { type: 'number' } } },
      },
      retry: { max_attempts: 3, initial_interval_seconds: 2, non_retryable: ['LLM_REFUSED'] },
      timeout_seconds: 60,
    },
    { step_id: 'is_urgent', type: 'condition', config: { expression: 'input.urgency >= 0.7' } },
    {
      step_id: 'approve',
      type: 'human_task',
      config: { task_type: 'approval', title: 'Call ${run.input.text}?', timeout_hours: 2, on_timeout: 'approve' },
    },
    { step_id: 'answer', type: 'transform', config: { mapping: { reply: '"We read: " + run.input.text' } } },
  ],
  edges: [
    { from: 'classify', to: 'is_urgent' },
    { from: 'is_urgent', from_port: 'true', to: 'approve' },
    { from: 'is_urgent', from_port: 'false', to: 'answer' },
  ],
};

/** Has many kinds of mistakes, each once. */
export const broken = {
  version: '1.0',
  segment_id: 'Ticket Triage',
  entrypoint: 'clasify',
  steps: [
    { step_id: 'classify', type: 'llm_agent', config: { llm_ref: 'gpt5', temperature: 3 } },
    { step_id: 'is_urgent', type: 'condition', config: { expression: 'input.urgency >=' } },
    { step_id: 'answer', type: 'transfrom', config: { expression: 'steps.approve.approved' } },
  ],
  edges: [
    { from: 'classify', to: 'is_urgent' },
    { from: 'is_urgent', from_port: 'yes', to: 'answer' },
  ],
};
