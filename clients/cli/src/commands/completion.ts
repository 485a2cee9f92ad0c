import { Argument, type Command } from 'commander';

/** For the help: a call of it does not come here, see actions/completion.ts. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print a script that completes commands in your shell')
    .description('Prints a completion script, e.g. for `source <(llmteam completion bash)`.')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish', 'powershell']))
    .action(() => program.error("error: write 'completion' as the first word"));
}
