/** Commands ready to be copied, for what a person may do next. */
import type { HumanTask, RunKey, TaskRequest } from '@llmteam/contracts';
import type { Settings } from './settings.js';
import { shellWord } from './shell-word.js';

const usualTenant = 'default';

export function resumeCommand(settings: Settings, { tenant_id, run_id }: RunKey): string {
  return [...ownName(settings), 'runs', 'resume', run_id, ...placeOptions(settings, tenant_id)].join(' ');
}

/** One for each way to answer, as far as they can be told. */
export function answerCommands(
  task: Pick<HumanTask, 'task_id' | 'tenant_id' | 'request'>,
  settings: Settings,
): string[] {
  const { task_id, tenant_id, request } = task;
  const command = [...ownName(settings), 'tasks', 'answer', shellWord(task_id), ...placeOptions(settings, tenant_id)];
  return answersTo(request).map((answer) => `${command.join(' ')} ${answer}`);
}

/** `llmteam`, with the home folder if it is not the usual one. */
function ownName({ homeOption }: Settings): string[] {
  return homeOption === undefined ? ['llmteam'] : ['llmteam', '--home', shellWord(homeOption)];
}

/** Whose it is, or at which gateway: the key there says whose. It is never repeated. */
function placeOptions({ gateway }: Settings, tenantId: string): string[] {
  if (gateway !== null) return gateway.urlOption === undefined ? [] : ['--url', shellWord(gateway.url)];
  return tenantId === usualTenant ? [] : ['--tenant', tenantId];
}

function answersTo({ task_type, choices }: TaskRequest): string[] {
  switch (task_type) {
    case 'approval':
      return ['--approve', '--reject'];
    case 'review':
      return ['--approve', '--reject', "--modify '{…}'"];
    case 'choice':
      return choices.slice(0, 5).map((choice) => `--value ${shellWord(choice)}`);
    case 'input':
      return ["--value '…'"];
  }
}
