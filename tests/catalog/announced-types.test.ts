import { openMemoryBackend } from '@llmteam/backend-embedded';
import { type Backend, isLlmteamError, type LlmteamError, type StepTypeMetadata } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  announceTypes,
  createExpressionCompiler,
  Definitions,
  defineSegment,
  StepCatalog,
  WorkerPresence,
} from '@llmteam/kernel';
import { type ManualClock, manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { workType } from '../support/simulation/work-type.js';
import { spec } from '../support/spec.js';

interface Scene {
  readonly backend: Backend;
  readonly clock: ManualClock;
  follow(catalog: StepCatalog): AnnouncedTypes;
}

async function withKvStore(use: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = manualClock(0);
  const backend = await openMemoryBackend({ clock });
  const followers: AnnouncedTypes[] = [];
  const follow = (catalog: StepCatalog): AnnouncedTypes => {
    const follower = new AnnouncedTypes({ kv: backend.kv, catalog, clock, log: quietLogger });
    followers.push(follower);
    return follower;
  };
  try {
    await use({ backend, clock, follow });
  } finally {
    await Promise.all(followers.map((follower) => follower.stop()));
    await backend.close();
  }
}

function typeOf(version: string, change: Partial<StepTypeMetadata> = {}): StepTypeMetadata {
  return { permissions: [], ...workType.metadata, version, ...change };
}

async function refusalOf(work: () => Promise<unknown>): Promise<LlmteamError> {
  const thrown: unknown = await work().then(
    () => null,
    (error: unknown) => error,
  );
  if (isLlmteamError(thrown)) return thrown;
  throw new Error('it was not refused', { cause: thrown });
}

spec('announced step types', (test) => {
  test('are in the catalog of every follower, whether announced before or later', () =>
    withKvStore(async ({ backend, clock, follow }) => {
      await announceTypes(backend.kv, 'w1', [typeOf('1.0.0')]);
      const catalog = new StepCatalog();
      await follow(catalog).start();
      assert.equal(catalog.find('work', '1.0.0')?.metadata, typeOf('1.0.0'));
      assert.is(catalog.find('work', '1.0.0')?.task, null);
      await announceTypes(backend.kv, 'w2', [typeOf('2.1.0'), typeOf('1.0.0', { type_id: 'other' })]);
      await clock.advance(0);
      assert.equal(catalog.typeIds(), ['other', 'work']);
      const newest = catalog.choose('work');
      assert.is(newest.kind === 'found' && newest.entry.metadata.version, '2.1.0');
    }));

  test('do not change types that the catalog already has', () =>
    withKvStore(async ({ backend, follow }) => {
      const catalog = new StepCatalog();
      catalog.add(workType, '1.0.0', 'own');
      await announceTypes(backend.kv, 'w1', [typeOf('1.0.0')]);
      await follow(catalog).start();
      assert.is(catalog.find('work', '1.0.0')?.plugin, 'own');
    }));

  test('stay when no worker serves them any more: runs that began with them stay readable', () =>
    withKvStore(async ({ backend, clock, follow }) => {
      await announceTypes(backend.kv, 'w1', [typeOf('1.0.0')]);
      await clock.advance(86_400_000);
      const catalog = new StepCatalog();
      await follow(catalog).start();
      assert.ok(catalog.find('work', '1.0.0'));
    }));

  test('may be announced by any number of workers as long as they agree', () =>
    withKvStore(async ({ backend }) => {
      const workers = Array.from({ length: 10 }, (_, number) => `w${number}`);
      await Promise.all(workers.map((id) => announceTypes(backend.kv, id, [typeOf('1.0.0')])));
      assert.is((await backend.kv.list('step_types/')).length, 1);
    }));

  test('may differ in texts for people under one version, and in nothing that decides', () =>
    withKvStore(async ({ backend }) => {
      const configSchema = { type: 'object', properties: { description: { type: 'string', description: 'first' } } };
      await announceTypes(backend.kv, 'w1', [typeOf('1.0.0', { config_schema: configSchema })]);
      const reworded = { type: 'object', properties: { description: { type: 'string', description: 'second' } } };
      const texts = { description: 'else', display_name: 'Else', docs_url: 'https://else', examples: [{ a: 1 }] };
      await announceTypes(backend.kv, 'w2', [typeOf('1.0.0', { config_schema: reworded, ...texts })]);
      const narrower = { type: 'object', properties: { description: { type: 'number', description: 'first' } } };
      const { message } = await refusalOf(() =>
        announceTypes(backend.kv, 'w3', [typeOf('1.0.0', { config_schema: narrower })]),
      );
      assert.match(message, 'with a different config_schema than');
    }));

  test('of one version may come from one plugin only; followers know which, and whether it is built in', () =>
    withKvStore(async ({ backend, follow }) => {
      await announceTypes(backend.kv, 'w1', [{ ...typeOf('1.0.0'), plugin: 'alpha', is_built_in: false }]);
      await announceTypes(backend.kv, 'w2', [{ ...typeOf('1.0.0'), plugin: 'alpha', is_built_in: false }]);
      await announceTypes(backend.kv, 'of-an-older-release', [typeOf('1.0.0')]);
      const { code, message } = await refusalOf(() =>
        announceTypes(backend.kv, 'w3', [{ ...typeOf('1.0.0'), plugin: 'beta', is_built_in: false }]),
      );
      assert.is(code, 'PLUGIN_DUPLICATE');
      assert.match(message, /'work' 1\.0\.0 from plugin 'beta', which .* announced from plugin 'alpha'/);
      await backend.kv.put('step_types/nothing/1.0.0', null);
      const catalog = new StepCatalog();
      await follow(catalog).start();
      const entry = catalog.find('work', '1.0.0');
      assert.equal([entry?.plugin, entry?.standing.isOurs], ['alpha', false]);
      assert.equal(entry?.metadata, typeOf('1.0.0'));
    }));

  test('that differ under one version are all rejected at once, naming the later and the earlier worker', () =>
    withKvStore(async ({ backend, clock }) => {
      const types = [typeOf('1.0.0'), typeOf('1.0.0', { type_id: 'other' })];
      await announceTypes(backend.kv, 'first-worker', types);
      const worker = { worker_id: 'first-worker', types, started_at: 0, concurrency: {} };
      const presence = new WorkerPresence({ kv: backend.kv, clock, log: quietLogger, worker });
      await presence.start();
      const changed = types.map((type) => ({ ...type, description: 'else', is_async: true }));
      const { code, message } = await refusalOf(() => announceTypes(backend.kv, 'later-worker', changed));
      assert.is(code, 'PLUGIN_DUPLICATE');
      for (const typeId of ['work', 'other']) {
        const words = `worker 'later-worker' provides step type '${typeId}' 1.0.0 with a different is_async than worker 'first-worker' announced`;
        assert.ok(message.includes(words), message);
      }
      await presence.stop();
      const alone = await refusalOf(() => announceTypes(backend.kv, 'later-worker', changed));
      assert.match(alone.message, 'than a worker that is gone announced; a plugin that changes needs a new version');
      assert.equal((await backend.kv.get('step_types/work/1.0.0'))?.value, typeOf('1.0.0'));
    }));

  test('of two workers that announce at the same time are those of one of them', () =>
    withKvStore(async ({ backend }) => {
      const outcomes = await Promise.allSettled(
        ['a', 'b', 'c'].map((id) => announceTypes(backend.kv, id, [typeOf('1.0.0', { permissions: [id] })])),
      );
      assert.equal(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
    }));

  test('that cannot be parsed are ignored', () =>
    withKvStore(async ({ backend, follow }) => {
      await backend.kv.put('step_types/broken/1.0.0', { type_id: 'broken', version: 1 });
      await announceTypes(backend.kv, 'w', [typeOf('1.0.0')]);
      const catalog = new StepCatalog();
      await follow(catalog).start();
      assert.equal(catalog.typeIds(), ['work']);
    }));

  test('are looked up once for a definition with unknown types', () =>
    withKvStore(async ({ backend, follow }) => {
      const known = new StepCatalog();
      known.add(workType, '1.0.0', 'own');
      const compiler = createExpressionCompiler();
      const segment = { segment_id: 's', name: 'S', entrypoint: 'a', steps: [{ step_id: 'a', type: 'work' }] };
      const hash = await new Definitions(backend.blobs, known, compiler).put(defineSegment(segment, known));
      const catalog = new StepCatalog();
      const announced = follow(catalog);
      const asked: string[] = [];
      const lookUp = (typeId: string, version: string): Promise<void> => {
        asked.push(`${typeId} ${version}`);
        return announced.lookUp(typeId, version);
      };
      const definitions = new Definitions(backend.blobs, catalog, compiler, lookUp);
      const { code, message } = await refusalOf(() => definitions.plan(hash));
      assert.is(code, 'SEGMENT_INVALID');
      assert.match(message, "step type 'work' in version 1.0.0 is not installed");
      await announceTypes(backend.kv, 'w', [typeOf('1.0.0')]);
      assert.is((await definitions.plan(hash)).steps.length, 1);
      await definitions.plan(hash);
      assert.equal(asked, ['work 1.0.0', 'work 1.0.0']);
    }));
});
