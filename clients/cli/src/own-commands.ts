/** Commands ready to be copied, for what a person may do next. */
import type { HumanTask, RunKey, TaskRequest } from '@llmteam/contracts';
import type { Settings } from './settings.js';
import { shell_word } from './shell-word.js';

const usual_tenant = 'default';

export function resume_command(settings: Settings, { tenant_id, run_id }: RunKey): string {
  return [...own_name(settings), 'runs', 'resume', run_id, ...place_options(settings, tenant_id)].join(' ');
}

/** One for each way to answer, as far as they can be told. */
export function answer_commands(
  task: Pick<HumanTask, 'task_id' | 'tenant_id' | 'request'>,
  settings: Settings,
): string[] {
  const { task_id, tenant_id, request } = task;
  const command = [
    ...own_name(settings),
    'tasks',
    'answer',
    shell_word(task_id),
    ...place_options(settings, tenant_id),
  ];
  return answers_to(request).map((answer) => `${command.join(' ')} ${answer}`);
}

/** `llmteam`, with the home folder if it is not the usual one. */
function own_name({ home_option }: Settings): string[] {
  return home_option === undefined ? ['llmteam'] : ['llmteam', '--home', shell_word(home_option)];
}

/** Whose it is, or at which gateway: the key there says whose. It is never repeated. */
function place_options({ gateway }: Settings, tenant_id: string): string[] {
  if (gateway !== null) return gateway.url_option === undefined ? [] : ['--url', shell_word(gateway.url)];
  return tenant_id === usual_tenant ? [] : ['--tenant', tenant_id];
}

function answers_to({ task_type, choices }: TaskRequest): string[] {
  switch (task_type) {
    case 'approval':
      return ['--approve', '--reject'];
    case 'review':
      return ['--approve', '--reject', "--modify '{…}'"];
    case 'choice':
      return choices.slice(0, 5).map((choice) => `--value ${shell_word(choice)}`);
    case 'input':
      return ["--value '…'"];
  }
}
