import type { ReasonName } from '@llmteam/contracts';
import { type Command, Option } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { onRun } from './partial-ids.js';
import { type Act, parseEntry, parseLimit, parseMoment, parseName, parseSequenceNumber } from './syntax.js';

/** All of the contract, in its order: the contract itself would have to be loaded for every command. */
const reasons = Object.keys({
  not_driven: true,
  paused: true,
  no_worker: true,
  worker_lost: true,
  task: true,
  signal: true,
  child_run: true,
  retry: true,
  timer: true,
  worker: true,
  slot: true,
  running: true,
} satisfies Record<ReasonName, true>);
const statuses = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled', 'timeout'];

export function addRuns(program: Command, act: Act): void {
  const runs = program.command('runs').description('inspect and control runs');
  addList(runs, act);
  addInspection(runs, act);
  addControls(runs, act);
  addContinuations(runs, act);
  addRemoval(runs, act);
}

function ofRun(runs: Command, name: string, description: string): Command {
  const command = runs
    .command(name)
    .description(description)
    .argument('<id>', 'run id, or its unique beginning', parseName)
    .option('--tenant <name>', 'tenant of the run', parseName, 'default');
  return withGatewayOptions(command);
}

function addList(runs: Command, act: Act): void {
  const list = runs
    .command('list')
    .description('list runs, newest first')
    .addOption(new Option('--status <status...>', 'only runs with one of these statuses').choices(statuses))
    .addOption(
      new Option(
        '--waiting-for <reason...>',
        'only live runs with one of these reasons, as runs explain gives them',
      ).choices(reasons),
    )
    .option('--segment <id>', 'only runs of this segment', parseName)
    .option('--correlation-id <id>', 'only runs with this correlation id', parseName)
    .option('--parent <id>', 'only child runs of this run', parseName)
    .option('--metadata <name=value>', 'only runs with this metadata; repeatable', parseEntry)
    .option('--since <time>', 'only runs started since: 30m, 7d, 2026-01-31', parseMoment)
    .option('--until <time>', 'only runs started before: 30m, 7d, 2026-01-31', parseMoment)
    .option('--limit <count>', 'maximum number of rows', parseLimit, 20)
    .option('--cursor <cursor>', 'continue a previous list')
    .option('--tenant <name>', 'tenant of the runs', parseName, 'default');
  withGatewayOptions(list)
    .option('--json', 'print {runs, cursor} as JSON')
    .action(act(async (...args) => (await import('../actions/runs-list.js')).runsList(...args)));
}

function addInspection(runs: Command, act: Act): void {
  ofRun(runs, 'show', 'show a run and its steps')
    .option('--step <step>', 'show what a step got and gave instead, e.g. each[3]/fetch')
    .option('--json', 'print the run, or the step, as JSON')
    .action(act(onRun(async (...args) => (await import('../actions/runs-show.js')).runsShow(...args))));
  ofRun(runs, 'explain', 'say why a run is where it is: what it waits for, since when, and what would move it')
    .option('--json', 'print the reasons as JSON')
    .action(act(onRun(async (...args) => (await import('../actions/runs-explain.js')).runsExplain(...args))));
  ofRun(runs, 'steps', 'list the steps of a run, or what one of them got and gave')
    .argument('[step]', 'step as listed, e.g. each[3]/fetch')
    .option('--json', 'print {steps, cursor}, or the step, as JSON')
    .action(act(onRun(async (...args) => (await import('../actions/runs-steps.js')).runsSteps(...args))));
  ofRun(runs, 'events', 'list the events of a run')
    .option('--from <seq>', 'first sequence number to list', parseSequenceNumber, 1)
    .option('--json', 'print events as JSON lines')
    .action(act(onRun(async (...args) => (await import('../actions/runs-events.js')).runsEvents(...args))));
}

function addControls(runs: Command, act: Act): void {
  ofRun(runs, 'cancel', 'cancel a run')
    .option('--reason <text>', 'reason to record in the history')
    .action(act(onRun(async (...args) => (await import('../actions/runs-control.js')).runsCancel(...args))));
  ofRun(runs, 'pause', 'pause a run: start no further steps')
    .option('--reason <text>', 'reason to record in the history')
    .action(act(onRun(async (...args) => (await import('../actions/runs-control.js')).runsPause(...args))));
  ofRun(runs, 'signal', 'send a signal to a run')
    .argument('<name>', 'signal name')
    .option('--payload <json>', 'JSON payload of the signal', 'null')
    .option('--correlation <text>', 'deliver only to steps waiting for this correlation')
    .action(act(onRun(async (...args) => (await import('../actions/runs-control.js')).runsSignal(...args))));
}

function addRemoval(runs: Command, act: Act): void {
  ofRun(runs, 'delete', 'delete a run that has ended, with its child runs')
    .option('--yes', 'do not ask')
    .action(act(onRun(async (...args) => (await import('../actions/runs-delete.js')).runsDelete(...args))));
}

function addContinuations(runs: Command, act: Act): void {
  ofRun(runs, 'resume', 'resume a paused or interrupted run and follow it to its end')
    .option('-o, --output <file>', 'also write the result to a file')
    .option('--no-prompt', 'ask nothing on a terminal: print the commands that answer')
    .option('--json', 'print events as JSON lines, the result last')
    .action(act(onRun(async (...args) => (await import('../actions/runs-resume.js')).runsResume(...args))));
  ofRun(runs, 'fork', 'fork a run from a step, as a new run')
    .requiredOption('--from-step <step>', 'step to start the fork from')
    .option('--input-overrides <json>', 'override input ports of that step, e.g. {"input": 1}')
    .option('-o, --output <file>', 'also write the result to a file')
    .option('--no-prompt', 'ask nothing on a terminal: print the commands that answer')
    .option('--json', 'print events as JSON lines, the result last')
    .action(act(onRun(async (...args) => (await import('../actions/runs-fork.js')).runsFork(...args))));
}
