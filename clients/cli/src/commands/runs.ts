import { type Command, Option } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { type Act, parseLimit, parseMoment, parseName, parseSequenceNumber } from './syntax.js';

const statuses = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled', 'timeout'];

export function addRuns(program: Command, act: Act): void {
  const runs = program.command('runs').description('look at runs and control them');
  addList(runs, act);
  addLooks(runs, act);
  addControls(runs, act);
  addContinuations(runs, act);
}

function ofRun(runs: Command, name: string, description: string): Command {
  const command = runs
    .command(name)
    .description(description)
    .argument('<id>', 'the run', parseName)
    .option('--tenant <name>', 'whose run it is', parseName, 'default');
  return withGatewayOptions(command);
}

function addList(runs: Command, act: Act): void {
  const list = runs
    .command('list')
    .description('list runs, newest first')
    .addOption(new Option('--status <status>', 'only runs that stand so').choices(statuses))
    .option('--segment <id>', 'only runs of this segment', parseName)
    .option('--correlation-id <id>', 'only runs with this id of yours', parseName)
    .option('--since <time>', 'only runs since then: 30m, 7d, 2026-01-31', parseMoment)
    .option('--limit <count>', 'how many', parseLimit, 20)
    .option('--cursor <cursor>', 'go on where the last list ended')
    .option('--tenant <name>', 'whose runs', parseName, 'default');
  withGatewayOptions(list)
    .option('--json', 'print {runs, cursor}')
    .action(act(async (...given) => (await import('../actions/runs-list.js')).runsList(...given)));
}

function addLooks(runs: Command, act: Act): void {
  ofRun(runs, 'show', 'show a run and its steps')
    .option('--json', 'print the run as JSON')
    .action(act(async (...given) => (await import('../actions/runs-show.js')).runsShow(...given)));
  ofRun(runs, 'events', 'list what happened in a run')
    .option('--from <seq>', 'begin with this event', parseSequenceNumber, 1)
    .option('--json', 'print every event as a line of JSON')
    .action(act(async (...given) => (await import('../actions/runs-events.js')).runsEvents(...given)));
}

function addControls(runs: Command, act: Act): void {
  ofRun(runs, 'cancel', 'cancel a run')
    .option('--reason <text>', 'why, for the history')
    .action(act(async (...given) => (await import('../actions/runs-control.js')).runsCancel(...given)));
  ofRun(runs, 'pause', 'begin no more steps of a run')
    .option('--reason <text>', 'why, for the history')
    .action(act(async (...given) => (await import('../actions/runs-control.js')).runsPause(...given)));
  ofRun(runs, 'signal', 'send a signal to a run')
    .argument('<name>', 'the signal')
    .option('--payload <json>', 'what goes along', 'null')
    .option('--correlation <text>', 'only to steps that wait for this text')
    .action(act(async (...given) => (await import('../actions/runs-control.js')).runsSignal(...given)));
}

function addContinuations(runs: Command, act: Act): void {
  ofRun(runs, 'resume', 'go on with a run that was paused or interrupted, to its end')
    .option('-o, --output <file>', 'write the result to a file too')
    .option('--json', 'print every event as a line of JSON, the result last')
    .action(act(async (...given) => (await import('../actions/runs-resume.js')).runsResume(...given)));
  ofRun(runs, 'fork', 'run again from a step on, as a new run')
    .requiredOption('--from-step <step>', 'the step to begin anew from')
    .option('--input-overrides <json>', 'port values the step gets instead, e.g. {"input": 1}')
    .option('-o, --output <file>', 'write the result to a file too')
    .option('--json', 'print every event as a line of JSON, the result last')
    .action(act(async (...given) => (await import('../actions/runs-fork.js')).runsFork(...given)));
}
