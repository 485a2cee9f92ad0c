import { type Command, Option } from 'commander';
import { with_gateway_options } from './gateway-options.js';
import { type Act, parse_limit, parse_moment, parse_name, parse_sequence_number } from './syntax.js';

const statuses = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled', 'timeout'];

export function add_runs(program: Command, act: Act): void {
  const runs = program.command('runs').description('look at runs and control them');
  add_list(runs, act);
  add_looks(runs, act);
  add_controls(runs, act);
  add_continuations(runs, act);
}

function of_run(runs: Command, name: string, description: string): Command {
  const command = runs
    .command(name)
    .description(description)
    .argument('<id>', 'the run', parse_name)
    .option('--tenant <name>', 'whose run it is', parse_name, 'default');
  return with_gateway_options(command);
}

function add_list(runs: Command, act: Act): void {
  const list = runs
    .command('list')
    .description('list runs, newest first')
    .addOption(new Option('--status <status>', 'only runs that stand so').choices(statuses))
    .option('--segment <id>', 'only runs of this segment', parse_name)
    .option('--correlation-id <id>', 'only runs with this id of yours', parse_name)
    .option('--since <time>', 'only runs since then: 30m, 7d, 2026-01-31', parse_moment)
    .option('--limit <count>', 'how many', parse_limit, 20)
    .option('--cursor <cursor>', 'go on where the last list ended')
    .option('--tenant <name>', 'whose runs', parse_name, 'default');
  with_gateway_options(list)
    .option('--json', 'print {runs, cursor}')
    .action(act(async (...given) => (await import('../actions/runs-list.js')).runs_list(...given)));
}

function add_looks(runs: Command, act: Act): void {
  of_run(runs, 'show', 'show a run and its steps')
    .option('--json', 'print the run as JSON')
    .action(act(async (...given) => (await import('../actions/runs-show.js')).runs_show(...given)));
  of_run(runs, 'events', 'list what happened in a run')
    .option('--from <seq>', 'begin with this event', parse_sequence_number, 1)
    .option('--json', 'print every event as a line of JSON')
    .action(act(async (...given) => (await import('../actions/runs-events.js')).runs_events(...given)));
}

function add_controls(runs: Command, act: Act): void {
  of_run(runs, 'cancel', 'cancel a run')
    .option('--reason <text>', 'why, for the history')
    .action(act(async (...given) => (await import('../actions/runs-control.js')).runs_cancel(...given)));
  of_run(runs, 'pause', 'begin no more steps of a run')
    .option('--reason <text>', 'why, for the history')
    .action(act(async (...given) => (await import('../actions/runs-control.js')).runs_pause(...given)));
  of_run(runs, 'signal', 'send a signal to a run')
    .argument('<name>', 'the signal')
    .option('--payload <json>', 'what goes along', 'null')
    .option('--correlation <text>', 'only to steps that wait for this text')
    .action(act(async (...given) => (await import('../actions/runs-control.js')).runs_signal(...given)));
}

function add_continuations(runs: Command, act: Act): void {
  of_run(runs, 'resume', 'go on with a run that was paused or interrupted, to its end')
    .option('-o, --output <file>', 'write the result to a file too')
    .option('--json', 'print every event as a line of JSON, the result last')
    .action(act(async (...given) => (await import('../actions/runs-resume.js')).runs_resume(...given)));
  of_run(runs, 'fork', 'run again from a step on, as a new run')
    .requiredOption('--from-step <step>', 'the step to begin anew from')
    .option('--input-overrides <json>', 'port values the step gets instead, e.g. {"input": 1}')
    .option('-o, --output <file>', 'write the result to a file too')
    .option('--json', 'print every event as a line of JSON, the result last')
    .action(act(async (...given) => (await import('../actions/runs-fork.js')).runs_fork(...given)));
}
