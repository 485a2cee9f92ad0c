import { Argument, type Command } from 'commander';

/** Only for the help text: actual calls are handled by actions/completion.ts. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print a shell completion script')
    .description('Print a completion script, e.g. for `source <(llmteam completion bash)`.')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish', 'powershell']))
    .action(() => program.error("error: write 'completion' as the first word"));
}
