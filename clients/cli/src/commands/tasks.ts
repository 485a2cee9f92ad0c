import { type Command, Option } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { type Act, parseLimit, parseName } from './syntax.js';

export function addTasks(program: Command, act: Act): void {
  const tasks = program.command('tasks').description('look at human tasks and answer them');
  const list = tasks
    .command('list')
    .description('list human tasks, newest first')
    .addOption(new Option('--status <status>', 'only tasks that stand so').choices(['open', 'claimed', 'closed']))
    .option('--run <id>', 'only tasks of this run', parseName)
    .option('--limit <count>', 'how many', parseLimit, 20)
    .option('--cursor <cursor>', 'go on where the last list ended')
    .option('--tenant <name>', 'whose tasks', parseName, 'default');
  withGatewayOptions(list)
    .option('--json', 'print {tasks, cursor}')
    .action(act(async (...given) => (await import('../actions/tasks-list.js')).tasksList(...given)));
  ofTask(tasks, 'show', 'show a task and what it asks')
    .option('--json', 'print the task as JSON')
    .action(act(async (...given) => (await import('../actions/tasks-show.js')).tasksShow(...given)));
  ofTask(tasks, 'claim', 'take a task upon yourself')
    .option('--by <name>', 'who (default: your user name)')
    .action(act(async (...given) => (await import('../actions/tasks-answer.js')).tasksClaim(...given)));
  addAnswer(tasks, act);
}

function ofTask(tasks: Command, name: string, description: string): Command {
  const command = tasks
    .command(name)
    .description(description)
    .argument('<id>', 'the task')
    .option('--tenant <name>', 'whose task it is', parseName, 'default');
  return withGatewayOptions(command);
}

function addAnswer(tasks: Command, act: Act): void {
  const decisions = ['approve', 'reject', 'modify', 'value'];
  const oneOf = (flags: string, name: string, description: string): Option =>
    new Option(flags, description).conflicts(decisions.filter((other) => other !== name));
  ofTask(tasks, 'answer', 'answer a task')
    .addOption(oneOf('--approve', 'approve', 'yes'))
    .addOption(oneOf('--reject', 'reject', 'no'))
    .addOption(oneOf('--modify <json>', 'modify', 'the data, changed'))
    .addOption(oneOf('--value <json>', 'value', 'what was asked for, or the choice'))
    .option('--comment <text>', 'what you want to say')
    .option('--by <name>', 'who answers (default: your user name)')
    .action(act(async (...given) => (await import('../actions/tasks-answer.js')).tasksAnswer(...given)));
}
