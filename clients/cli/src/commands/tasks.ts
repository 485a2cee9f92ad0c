import { type Command, Option } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { onTask } from './partial-ids.js';
import { type Act, parseLimit, parseName } from './syntax.js';

export function addTasks(program: Command, act: Act): void {
  const tasks = program.command('tasks').description('inspect and answer human tasks');
  const list = tasks
    .command('list')
    .description('list human tasks, newest first')
    .addOption(
      new Option('--status <status...>', 'only tasks with one of these statuses').choices([
        'open',
        'claimed',
        'closed',
      ]),
    )
    .option('--run <id>', 'only tasks of this run', parseName)
    .option('--segment <id>', 'only tasks of runs of this segment', parseName)
    .option('--assignee <name>', 'only tasks that this person claimed or is assigned to')
    .option('--limit <count>', 'maximum number of rows', parseLimit, 20)
    .option('--cursor <cursor>', 'continue a previous list')
    .option('--tenant <name>', 'tenant of the tasks', parseName, 'default');
  withGatewayOptions(list)
    .option('--json', 'print {tasks, cursor} as JSON')
    .action(act(async (...args) => (await import('../actions/tasks-list.js')).tasksList(...args)));
  ofTask(tasks, 'show', 'show a task and its request')
    .option('--json', 'print the task as JSON')
    .action(act(onTask(async (...args) => (await import('../actions/tasks-show.js')).tasksShow(...args))));
  ofTask(tasks, 'claim', 'claim a task')
    .option('--by <name>', byOf('person who claims it'))
    .action(act(onTask(async (...args) => (await import('../actions/tasks-claim.js')).tasksClaim(...args))));
  ofTask(tasks, 'unclaim', 'give up the claim of a task').action(
    act(onTask(async (...args) => (await import('../actions/tasks-claim.js')).tasksUnclaim(...args))),
  );
  addAnswer(tasks, act);
}

function byOf(person: string): string {
  return `${person} (default: your user name, or that of the key)`;
}

function ofTask(tasks: Command, name: string, description: string): Command {
  const command = tasks
    .command(name)
    .description(description)
    .argument('<id>', 'task id, or its unique beginning')
    .option('--tenant <name>', 'tenant of the task', parseName, 'default');
  return withGatewayOptions(command);
}

function addAnswer(tasks: Command, act: Act): void {
  const decisions = ['approve', 'reject', 'modify', 'value'];
  const oneOf = (flags: string, name: string, description: string): Option =>
    new Option(flags, description).conflicts(decisions.filter((other) => other !== name));
  ofTask(tasks, 'answer', 'answer a task')
    .addOption(oneOf('--approve', 'approve', 'approve the request'))
    .addOption(oneOf('--reject', 'reject', 'reject the request'))
    .addOption(oneOf('--modify <json>', 'modify', 'approve with modified data'))
    .addOption(oneOf('--value <json>', 'value', 'answer with a value or a choice'))
    .option('--comment <text>', 'comment to attach to the answer')
    .option('--by <name>', byOf('person who answers'))
    .action(act(onTask(async (...args) => (await import('../actions/tasks-answer.js')).tasksAnswer(...args))));
}
