/**
 * Purpose: runs the command line and returns its exit code.
 * Owns: the command tree, usage errors, the outermost error handler. Actions are imported lazily so that `--help` stays fast.
 */
import { Command, CommanderError, Option } from 'commander';
import { addAudit } from './commands/audit.js';
import { addCatalog } from './commands/catalog.js';
import { addCompletion } from './commands/completion.js';
import { addDeadLetters } from './commands/dead-letters.js';
import { addDev } from './commands/dev.js';
import { addDoctor } from './commands/doctor.js';
import { withGateway } from './commands/gateway-options.js';
import { addGraph } from './commands/graph.js';
import { addInit } from './commands/init.js';
import { addKeys } from './commands/keys.js';
import { addPlugin } from './commands/plugin.js';
import { addProviders } from './commands/providers.js';
import { addRun } from './commands/run.js';
import { addIndex } from './commands/run-index.js';
import { addRuns } from './commands/runs.js';
import { addSchema } from './commands/schema.js';
import { addServe } from './commands/serve.js';
import type { Act } from './commands/syntax.js';
import { addTasks } from './commands/tasks.js';
import { addValidate } from './commands/validate.js';
import { addVersion } from './commands/version.js';
import { watchForEarlyEnd } from './early-end.js';
import { readEnvironment } from './environment.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { type GlobalOptions, logLevels, makeSettings } from './settings.js';
import { Streams } from './streams.js';
import { pointToHelp } from './usage-hints.js';

export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  const environment = readEnvironment();
  const streams = new Streams(process.stdout, process.stderr);
  const outcome: { code: ExitCode; isFinal: boolean } = { code: exitCodes.completed, isFinal: false };
  watchForEarlyEnd(() => outcome.isFinal, streams);
  const act: Act =
    (action) =>
    async (...handlerArgs) => {
      const command = handlerArgs.at(-1) as Command;
      const localSettings = makeSettings(command.optsWithGlobals<GlobalOptions>(), environment, streams);
      const settings = await withGateway(command, localSettings);
      streams.claimStdout();
      outcome.code = await action(settings, command.args, command.opts());
    };
  const program = makeProgram(streams, act);
  const report = async (thrown: unknown): Promise<ExitCode> => {
    const { reportError } = await import('./report-error.js');
    return reportError(thrown, makeSettings(program.opts<GlobalOptions>(), environment, streams));
  };
  const crash = (thrown: unknown): void => {
    void report(thrown).then(async (code) => {
      await streams.lastActsDone();
      streams.crashed();
      outcome.isFinal = true;
      process.exit(code);
    });
  };
  // A plugin may throw where no caller can catch it.
  // An unhandled rejection arrives as an exception too.
  process.once('uncaughtException', crash);
  try {
    await parse(program, args, streams);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) outcome.code = await report(thrown);
    else outcome.code = thrown.exitCode === 0 ? exitCodes.completed : exitCodes.usage;
  }
  await streams.flush();
  outcome.isFinal = true;
  if (streams.failure === null) return outcome.code;
  streams.note(`error FILE_UNREADABLE: cannot write to stdout: ${streams.failure.message}`);
  return exitCodes.failed;
}

async function parse(program: Command, args: readonly string[], streams: Streams): Promise<void> {
  const [first = ''] = args;
  if (completionCommands.has(first)) {
    const { parseWithCompletion } = await import('./actions/completion.js');
    await parseWithCompletion(program, args, streams);
    return;
  }
  addCompletion(program);
  pointToHelp(program);
  await program.parseAsync(versionOptions.has(first) ? ['version'] : args, { from: 'user' });
}

const completionCommands = new Set(['completion', 'complete']);
const versionOptions = new Set(['--version', '-V']);

function makeProgram(streams: Streams, act: Act): Command {
  const program = new Command('llmteam')
    .description('Run durable AI workflows defined as JSON graphs of steps.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.print(text),
      writeErr: (text) => streams.note(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'error USAGE: ')),
    })
    .configureHelp({ showGlobalOptions: true })
    .option('--home <folder>', 'data folder (default: $LLMTEAM_HOME or .llmteam)')
    .option('--config <file>', 'configuration file (default: the nearest llmteam.config.json)')
    .option('--no-color', 'disable colours (also: $NO_COLOR)')
    .option('-q, --quiet', 'suppress progress and warnings')
    .addOption(new Option('--log-level <level>', 'log to stderr at this level').choices(logLevels));
  addInit(program, act);
  addRun(program, act);
  addValidate(program, act);
  addGraph(program, act);
  addCatalog(program, act);
  addSchema(program, act);
  addDev(program, act);
  addRuns(program, act);
  addTasks(program, act);
  addKeys(program, act);
  addAudit(program, act);
  addIndex(program, act);
  addProviders(program, act);
  addPlugin(program, act);
  addServe(program, act);
  addDoctor(program, act);
  addDeadLetters(program, act);
  addVersion(program, act);
  return program;
}
