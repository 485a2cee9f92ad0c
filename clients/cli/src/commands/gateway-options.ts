/** `--url` and `--key`: the same command for the runs of a gateway. */
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import type { GlobalOptions, Settings } from '../settings.js';

interface Given extends GlobalOptions {
  readonly url?: string;
  readonly key?: string;
}

export function withGatewayOptions(command: Command): Command {
  return command
    .option('--url <url>', 'ask the gateway there instead of the store here (also: $LLMTEAM_URL)')
    .option('--key <key>', 'API key of the gateway, as env:NAME (better: $LLMTEAM_KEY)');
}

/**
 * The settings of a command, with the gateway it is for. What is on the command line goes before the environment, also a home or a
 * configuration, which mean the store here. @throws LlmteamError `USAGE`
 */
export async function withGateway(command: Command, settings: Settings): Promise<Settings> {
  const { environment, streams, quiet } = settings;
  const { url, key, home, config } = command.optsWithGlobals<Given>();
  if (!isGatewayMeant(command, environment)) return key === undefined ? settings : refuseKey();
  const { gatewayOf, isInTheClear } = await import('../remote/gateway-address.js');
  const local = [
    ...(home === undefined ? [] : ['--home']),
    ...(config === undefined ? [] : ['--config']),
    ...(command.getOptionValueSource('tenant') === 'cli' ? ['--tenant'] : []),
  ];
  const gateway = gatewayOf(
    { ...(url !== undefined && { url }), ...(key !== undefined && { key }), local },
    environment,
  );
  const { hideSecrets } = await import('@llmteam/service-host');
  streams.redactWith(hideSecrets([gateway.key]));
  if (isInTheClear(gateway.url) && !quiet) {
    streams.note(`warning: the key travels in the clear to ${gateway.url}; https:// would keep it to yourself`);
  }
  return { ...settings, gateway };
}

function isGatewayMeant(command: Command, { gatewayUrl }: Environment): boolean {
  const { url, home, config } = command.optsWithGlobals<Given>();
  if (url !== undefined) return true;
  const isHere = home !== undefined || config !== undefined;
  return gatewayUrl !== undefined && !isHere && command.options.some(({ long }) => long === '--url');
}

async function refuseKey(): Promise<never> {
  const { LlmteamError } = await import('@llmteam/contracts');
  throw new LlmteamError('USAGE', '--key is for a gateway: name it with --url or $LLMTEAM_URL');
}
