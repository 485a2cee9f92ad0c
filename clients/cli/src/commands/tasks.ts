import { type Command, Option } from 'commander';
import { with_gateway_options } from './gateway-options.js';
import { type Act, parse_limit, parse_name } from './syntax.js';

export function add_tasks(program: Command, act: Act): void {
  const tasks = program.command('tasks').description('look at human tasks and answer them');
  const list = tasks
    .command('list')
    .description('list human tasks, newest first')
    .addOption(new Option('--status <status>', 'only tasks that stand so').choices(['open', 'claimed', 'closed']))
    .option('--run <id>', 'only tasks of this run', parse_name)
    .option('--limit <count>', 'how many', parse_limit, 20)
    .option('--cursor <cursor>', 'go on where the last list ended')
    .option('--tenant <name>', 'whose tasks', parse_name, 'default');
  with_gateway_options(list)
    .option('--json', 'print {tasks, cursor}')
    .action(act(async (...given) => (await import('../actions/tasks-list.js')).tasks_list(...given)));
  of_task(tasks, 'show', 'show a task and what it asks')
    .option('--json', 'print the task as JSON')
    .action(act(async (...given) => (await import('../actions/tasks-show.js')).tasks_show(...given)));
  of_task(tasks, 'claim', 'take a task upon yourself')
    .option('--by <name>', 'who (default: your user name)')
    .action(act(async (...given) => (await import('../actions/tasks-answer.js')).tasks_claim(...given)));
  add_answer(tasks, act);
}

function of_task(tasks: Command, name: string, description: string): Command {
  const command = tasks
    .command(name)
    .description(description)
    .argument('<id>', 'the task')
    .option('--tenant <name>', 'whose task it is', parse_name, 'default');
  return with_gateway_options(command);
}

function add_answer(tasks: Command, act: Act): void {
  const decisions = ['approve', 'reject', 'modify', 'value'];
  const one_of = (flags: string, name: string, description: string): Option =>
    new Option(flags, description).conflicts(decisions.filter((other) => other !== name));
  of_task(tasks, 'answer', 'answer a task')
    .addOption(one_of('--approve', 'approve', 'yes'))
    .addOption(one_of('--reject', 'reject', 'no'))
    .addOption(one_of('--modify <json>', 'modify', 'the data, changed'))
    .addOption(one_of('--value <json>', 'value', 'what was asked for, or the choice'))
    .option('--comment <text>', 'what you want to say')
    .option('--by <name>', 'who answers (default: your user name)')
    .action(act(async (...given) => (await import('../actions/tasks-answer.js')).tasks_answer(...given)));
}
