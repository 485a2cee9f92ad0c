import { isLlmteamError, type LlmteamError, type Logger } from '@llmteam/contracts';
import { type Isolation, PluginHost, StepCatalog } from '@llmteam/kernel';
import { type PackageFile, withPluginPackages } from './packages.js';
import { preamble } from './unfit-plugins.js';

export interface UnfitScene {
  readonly host: PluginHost;
  readonly catalog: StepCatalog;
  /** Loads the packages, after one of our own with the type `built_in`. */
  load(): Promise<void>;
  readonly logged: readonly string[];
}

/** A host of packages whose code runs in that mode. */
export async function withUnfitHost(
  isolation: Isolation,
  packages: readonly PackageFile[],
  use: (scene: UnfitScene) => Promise<void>,
  deadlineMs = 30_000,
): Promise<void> {
  const ours = { name: 'ours', code: "export default plugin('ours', { stepTypes: [type('built_in')] });" };
  const all = [ours, ...packages].map((one) => ({ ...one, code: preamble + one.code }));
  await withPluginPackages(all, async (folder) => {
    const logged: string[] = [];
    const catalog = new StepCatalog();
    const isolateMain = import.meta.resolve('@llmteam/kernel/isolate');
    const host = new PluginHost(catalog, { log: listing(logged), deadlineMs, isolateMain });
    const wanted = all.map(({ name }) => {
      const isOurs = name === 'ours';
      return { specifier: name, fromFolder: folder, isOurs, isolation: isOurs ? ('inline' as const) : isolation };
    });
    const load = async () => void (await host.load(wanted));
    // A process of LLMTeam has no such listener; the one of the tests would get what a host is to trace.
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    try {
      await use({ host, catalog, load, logged });
    } finally {
      await host.stop();
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });
}

function listing(lines: string[], always: object = {}): Logger {
  const at = (level: string) => (fields: object, message?: string) => {
    const { err } = fields as { readonly err?: unknown };
    const reason = err instanceof Error ? err.message : '';
    lines.push(`${level} ${message} ${JSON.stringify({ ...always, ...fields })} ${reason}`);
  };
  const child = (fields: object) => listing(lines, { ...always, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child };
}

export async function faultOf(work: Promise<void>): Promise<LlmteamError> {
  try {
    await work;
  } catch (error) {
    if (isLlmteamError(error)) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

export function told(error: Error): string {
  return isLlmteamError(error) ? `${error.code}: ${error.message}` : String(error);
}
