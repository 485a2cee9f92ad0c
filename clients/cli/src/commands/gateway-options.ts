/** `--url` and `--key`: run a command against a gateway instead of the local stores. */
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import type { GlobalOptions, Settings } from '../settings.js';

interface ParsedOptions extends GlobalOptions {
  readonly nats?: boolean;
  readonly url?: string;
  readonly key?: string;
}

export function withGatewayOptions(command: Command): Command {
  return command
    .option('--url <url>', 'use this gateway instead of the local stores (default: $LLMTEAM_URL)')
    .option('--key <key>', 'API key for the gateway, as env:NAME (default: $LLMTEAM_KEY)');
}

/**
 * Adds the gateway a command is meant for, if any, to its settings. The command line overrides the environment: `--home`, `--config`
 * and `--nats` select other stores even if `LLMTEAM_URL` is set. @throws LlmteamError `USAGE`
 */
export async function withGateway(command: Command, settings: Settings): Promise<Settings> {
  const { environment, streams, quiet } = settings;
  const { url, key, home, config, nats } = command.optsWithGlobals<ParsedOptions>();
  if (!targetsGateway(command, environment)) return key === undefined ? settings : refuseKey();
  const { gatewayOf, isUnencrypted } = await import('../remote/gateway-address.js');
  const local = [
    ...(home === undefined ? [] : ['--home']),
    ...(config === undefined ? [] : ['--config']),
    ...(nats === true ? ['--nats'] : []),
    ...(command.getOptionValueSource('tenant') === 'cli' ? ['--tenant'] : []),
  ];
  const gateway = gatewayOf(
    { ...(url !== undefined && { url }), ...(key !== undefined && { key }), local },
    environment,
  );
  const { hideSecrets } = await import('@llmteam/service-host');
  streams.redactWith(hideSecrets([gateway.key]));
  if (isUnencrypted(gateway.url) && !quiet) {
    streams.note(`warning: the API key is sent unencrypted to ${gateway.url}; use https://`);
  }
  return { ...settings, gateway };
}

function targetsGateway(command: Command, { gatewayUrl }: Environment): boolean {
  const { url, home, config, nats } = command.optsWithGlobals<ParsedOptions>();
  if (url !== undefined) return true;
  const isLocal = home !== undefined || config !== undefined || nats === true;
  return gatewayUrl !== undefined && !isLocal && command.options.some(({ long }) => long === '--url');
}

async function refuseKey(): Promise<never> {
  const { LlmteamError } = await import('@llmteam/contracts');
  throw new LlmteamError('USAGE', '--key is for a gateway: set --url or $LLMTEAM_URL');
}
