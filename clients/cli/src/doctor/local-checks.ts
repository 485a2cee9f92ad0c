/** What there is instead of a NATS installation. */
import { localStoreFolders } from '@llmteam/embedded';
import type { ServiceConfig } from '@llmteam/service-host';
import { type Check, counted, ok, problem, reasonOf, warning } from './check.js';

/** For a folder in which no NATS installation is configured, and none answers at the default address. */
export function checkLocalStores(home: string, { file: { nats } }: ServiceConfig): Check[] {
  const server = warning(
    'server',
    `no NATS installation is configured, and nothing answers at ${nats.servers.join(', ')}; only 'llmteam serve' needs one`,
  );
  return [server, storesIn(home)];
}

function storesIn(home: string): Check {
  const name = 'local stores';
  try {
    const count = localStoreFolders(home).length;
    return ok(
      name,
      count === 0 ? `none yet; the first run creates one in '${home}'` : `${counted(count, 'store')} in '${home}'`,
    );
  } catch (error) {
    return problem(name, reasonOf(error));
  }
}
