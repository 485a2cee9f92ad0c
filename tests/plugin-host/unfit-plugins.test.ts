/** What a host says of plugins that cannot be used: by code, package and place, wherever their code runs. */
import { isLlmteamError, type LlmteamError, type Logger } from '@llmteam/contracts';
import { type Isolation, PluginHost, StepCatalog } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type PackageFile, withPluginPackages } from './support/packages.js';
import { preamble, unfit } from './support/unfit-plugins.js';

const everywhere: readonly Isolation[] = ['inline', 'thread', 'process'];
const patience = { timeoutMs: 90_000 };

interface Scene {
  readonly host: PluginHost;
  readonly catalog: StepCatalog;
  /** Loads the packages; those of our own first. */
  load(): Promise<void>;
  readonly logged: readonly string[];
}

async function withHost(
  isolation: Isolation,
  packages: readonly PackageFile[],
  use: (scene: Scene) => Promise<void>,
  deadlineMs = 30_000,
): Promise<void> {
  const ours = { name: 'ours', code: "export default plugin('ours', { stepTypes: [type('built_in')] });" };
  const all = [ours, ...packages].map((one) => ({ ...one, code: preamble + one.code }));
  await withPluginPackages(all, async (folder) => {
    const logged: string[] = [];
    const catalog = new StepCatalog();
    const isolateMain = import.meta.resolve('@llmteam/kernel/isolate');
    const host = new PluginHost(catalog, { log: listing(logged), deadlineMs, isolateMain });
    const wanted = all.map(({ name }) => ({ specifier: name, fromFolder: folder, isolation, isOurs: name === 'ours' }));
    const load = async () =>
      void (await host.load(wanted.map((one) => (one.isOurs ? { ...one, isolation: 'inline' } : one))));
    // A process of LLMTeam has no such listener; the one of the tests would get what a host is to trace.
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    try {
      await use({ host, catalog, load, logged });
    } finally {
      for (const listener of listeners) process.on('unhandledRejection', listener);
      await host.stop();
    }
  });
}

function listing(lines: string[], always: object = {}): Logger {
  const at = (level: string) => (fields: { readonly err?: unknown }, message?: string) => {
    const { err } = fields;
    lines.push(
      `${level} ${message} ${JSON.stringify({ ...always, ...fields })} ${err instanceof Error ? err.message : ''}`,
    );
  };
  const child = (fields: object) => listing(lines, { ...always, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child };
}

async function faultOf(work: Promise<void>): Promise<LlmteamError> {
  try {
    await work;
  } catch (error) {
    if (isLlmteamError(error)) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

function causesOf({ cause }: LlmteamError): readonly Error[] {
  return cause instanceof AggregateError ? cause.errors : [cause as Error];
}

function told(error: Error): string {
  return isLlmteamError(error) ? `${error.code}: ${error.message}` : String(error);
}

spec('plugins that cannot be used', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: each is refused with a code, its package and the place; none hides another`,
      () =>
        withHost(isolation, unfit, async ({ load, catalog }) => {
          const faults = causesOf(await faultOf(load())).map(told);
          const missed = unfit.filter(
            ({ name, says }) => !faults.some((fault) => fault.includes(`'${name}'`) && says.test(fault)),
          );
          const what = missed.map(({ name, says }) => `${name}: ${says}`);
          assert.equal(what, [], faults.join('\n'));
          assert.not.ok(Object.hasOwn(globalThis, 'ran'));
          assert.ok(catalog.typeIds().includes('built_in'));
        }),
      patience,
    );
  }
});
