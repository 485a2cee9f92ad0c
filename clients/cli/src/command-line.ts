/**
 * Purpose: from the arguments to an exit code.
 * Owns: the tree of commands, usage errors, the last catch. What a command does is loaded when it is called: `--help` must be quick.
 */
import { Command, CommanderError, Option } from 'commander';
import { add_audit } from './commands/audit.js';
import { add_catalog } from './commands/catalog.js';
import { add_completion } from './commands/completion.js';
import { add_dead_letters } from './commands/dead-letters.js';
import { add_dev } from './commands/dev.js';
import { add_doctor } from './commands/doctor.js';
import { with_gateway } from './commands/gateway-options.js';
import { add_graph } from './commands/graph.js';
import { add_keys } from './commands/keys.js';
import { add_plugin } from './commands/plugin.js';
import { add_providers } from './commands/providers.js';
import { add_run } from './commands/run.js';
import { add_index } from './commands/run-index.js';
import { add_runs } from './commands/runs.js';
import { add_serve } from './commands/serve.js';
import type { Act } from './commands/syntax.js';
import { add_tasks } from './commands/tasks.js';
import { add_validate } from './commands/validate.js';
import { add_version } from './commands/version.js';
import { watch_for_early_end } from './early-end.js';
import { read_environment } from './environment.js';
import { type ExitCode, exit_codes } from './exit-codes.js';
import { type GlobalOptions, log_levels, make_settings } from './settings.js';
import { Streams } from './streams.js';

export async function run_command_line(args: readonly string[]): Promise<ExitCode> {
  const environment = read_environment();
  const streams = new Streams(process.stdout, process.stderr);
  const outcome: { code: ExitCode; is_told: boolean } = { code: exit_codes.completed, is_told: false };
  watch_for_early_end(() => outcome.is_told, streams);
  const act: Act =
    (action) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const here = make_settings(command.optsWithGlobals<GlobalOptions>(), environment, streams);
      const settings = await with_gateway(command, here);
      outcome.code = await action(settings, command.args, command.opts());
    };
  const program = make_program(streams, act);
  const report = async (thrown: unknown): Promise<ExitCode> => {
    const { report_error } = await import('./report-error.js');
    return report_error(thrown, make_settings(program.opts<GlobalOptions>(), environment, streams));
  };
  const crash = (thrown: unknown): void => {
    void report(thrown).then((code) => {
      streams.on_crash();
      outcome.is_told = true;
      process.exit(code);
    });
  };
  // A plugin may let an error go where nobody can catch it.
  process.once('uncaughtException', crash).once('unhandledRejection', crash);
  try {
    await parse(program, args, streams);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) outcome.code = await report(thrown);
    else outcome.code = thrown.exitCode === 0 ? exit_codes.completed : exit_codes.usage;
  }
  await streams.flush();
  outcome.is_told = true;
  if (streams.failure === null) return outcome.code;
  streams.note(`error FILE_UNREADABLE: cannot write to stdout: ${streams.failure.message}`);
  return exit_codes.failed;
}

async function parse(program: Command, args: readonly string[], streams: Streams): Promise<void> {
  const [first = ''] = args;
  if (completion_commands.has(first)) {
    const { parse_with_completion } = await import('./actions/completion.js');
    await parse_with_completion(program, args, streams);
    return;
  }
  add_completion(program);
  await program.parseAsync(version_options.has(first) ? ['version'] : args, { from: 'user' });
}

const completion_commands = new Set(['completion', 'complete']);
const version_options = new Set(['--version', '-V']);

function make_program(streams: Streams, act: Act): Command {
  const program = new Command('llmteam')
    .description('Runs AI workflows: JSON graphs of steps that survive crashes.')
    .exitOverride()
    .showHelpAfterError("('llmteam --help' lists commands and options)")
    .configureOutput({
      writeOut: (text) => streams.print(text),
      writeErr: (text) => streams.note(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'error USAGE: ')),
    })
    .configureHelp({ showGlobalOptions: true })
    .option('--home <folder>', 'where runs are kept (default: $LLMTEAM_HOME or .llmteam)')
    .option('--config <file>', 'configuration (default: the nearest llmteam.config.json)')
    .option('--no-color', 'no colours (also: $NO_COLOR)')
    .option('-q, --quiet', 'no progress, no warnings')
    .addOption(new Option('--log-level <level>', 'log to stderr').choices(log_levels));
  add_run(program, act);
  add_validate(program, act);
  add_graph(program, act);
  add_catalog(program, act);
  add_dev(program, act);
  add_runs(program, act);
  add_tasks(program, act);
  add_keys(program, act);
  add_audit(program, act);
  add_index(program, act);
  add_providers(program, act);
  add_plugin(program, act);
  add_serve(program, act);
  add_doctor(program, act);
  add_dead_letters(program, act);
  add_version(program, act);
  return program;
}
