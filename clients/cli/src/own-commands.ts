/** Ready-to-copy commands suggested to the user as next steps. */
import type { HumanTask, RunKey, TaskRequest } from '@llmteam/contracts';
import type { Settings } from './settings.js';
import { shellWord } from './shell-word.js';

/** The tenant of local runs, unless `--tenant` names another. */
export const defaultTenant = 'default';

export function resumeCommand(settings: Settings, { tenant_id, run_id }: RunKey): string {
  return [...baseCommand(settings), 'runs', 'resume', run_id, ...targetOptions(settings, tenant_id)].join(' ');
}

export function forkCommand(settings: Settings, { tenant_id, run_id }: RunKey): string {
  const words = [...baseCommand(settings), 'runs', 'fork', run_id, '--from-step', 'STEP'];
  return [...words, ...targetOptions(settings, tenant_id)].join(' ');
}

export function signalCommand(
  settings: Settings,
  { tenant_id, run_id }: RunKey,
  name: string,
  correlation: string | null,
): string {
  const to = correlation === null ? [] : ['--correlation', shellWord(correlation)];
  const words = [...baseCommand(settings), 'runs', 'signal', run_id, shellWord(name), ...to];
  return [...words, ...targetOptions(settings, tenant_id)].join(' ');
}

/** One command per possible answer; values the user must supply are placeholders. */
export function answerCommands(
  task: Pick<HumanTask, 'task_id' | 'tenant_id' | 'request'>,
  settings: Settings,
): string[] {
  const { task_id, tenant_id, request } = task;
  const command = [
    ...baseCommand(settings),
    'tasks',
    'answer',
    shellWord(task_id),
    ...targetOptions(settings, tenant_id),
  ];
  return answersTo(request).map((answer) => `${command.join(' ')} ${answer}`);
}

/** `llmteam`, plus `--home` if it was given. */
function baseCommand({ homeOption }: Settings): string[] {
  return homeOption === undefined ? ['llmteam'] : ['llmteam', '--home', shellWord(homeOption)];
}

/** The tenant, or the gateway, whose key determines the tenant. The key itself is never repeated. */
function targetOptions({ gateway }: Settings, tenantId: string): string[] {
  if (gateway !== null) return gateway.urlOption === undefined ? [] : ['--url', shellWord(gateway.url)];
  return tenantId === defaultTenant ? [] : ['--tenant', tenantId];
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
