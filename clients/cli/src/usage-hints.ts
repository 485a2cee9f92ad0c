import type { Command } from 'commander';

/** After a usage error, every command points to its own help. Call it once the whole tree is built. */
export function pointToHelp(command: Command, path: string = command.name()): void {
  const about = command.commands.length > 0 ? 'commands and options' : 'arguments and options';
  command.showHelpAfterError(`(run '${path} --help' for ${about})`);
  for (const child of command.commands) pointToHelp(child, `${path} ${child.name()}`);
}
