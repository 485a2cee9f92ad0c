import { type ManualClock, manual_clock, open_memory_backend } from '@llmteam/backend-embedded';
import { type Backend, is_llmteam_error, type LlmteamError, type StepTypeMetadata } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  announce_types,
  create_expression_compiler,
  Definitions,
  define_segment,
  StepCatalog,
  WorkerPresence,
} from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { quiet_logger } from '../support/quiet-logger.js';
import { work_type } from '../support/simulation/work-type.js';
import { spec } from '../support/spec.js';

interface Scene {
  readonly backend: Backend;
  readonly clock: ManualClock;
  follow(catalog: StepCatalog): AnnouncedTypes;
}

async function with_registry(use: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = manual_clock(0);
  const backend = await open_memory_backend({ clock });
  const followers: AnnouncedTypes[] = [];
  const follow = (catalog: StepCatalog): AnnouncedTypes => {
    const follower = new AnnouncedTypes({ registry: backend.registry, catalog, clock, log: quiet_logger });
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

function type_of(version: string, change: Partial<StepTypeMetadata> = {}): StepTypeMetadata {
  return { ...work_type.metadata, version, ...change };
}

async function refusal_of(work: () => Promise<unknown>): Promise<LlmteamError> {
  const thrown: unknown = await work().then(
    () => null,
    (error: unknown) => error,
  );
  if (is_llmteam_error(thrown)) return thrown;
  throw new Error('it was not refused', { cause: thrown });
}

spec('announced step types', (test) => {
  test('are in the catalog of whoever follows: those of before, and those that come later', () =>
    with_registry(async ({ backend, clock, follow }) => {
      await announce_types(backend.registry, 'w1', [type_of('1.0.0')]);
      const catalog = new StepCatalog();
      await follow(catalog).start();
      assert.equal(catalog.find('work', '1.0.0')?.metadata, type_of('1.0.0'));
      assert.is(catalog.find('work', '1.0.0')?.task, null);
      await announce_types(backend.registry, 'w2', [type_of('2.1.0'), type_of('1.0.0', { type_id: 'other' })]);
      await clock.advance(0);
      assert.equal(catalog.type_ids(), ['other', 'work']);
      const newest = catalog.choose('work');
      assert.is(newest.kind === 'found' && newest.entry.metadata.version, '2.1.0');
    }));

  test('change nothing that the catalog has of its own', () =>
    with_registry(async ({ backend, follow }) => {
      const catalog = new StepCatalog();
      catalog.add(work_type, '1.0.0', 'own');
      await announce_types(backend.registry, 'w1', [type_of('1.0.0')]);
      await follow(catalog).start();
      assert.is(catalog.find('work', '1.0.0')?.plugin, 'own');
    }));

  test('stay when nobody serves them any more: runs that began with them stay readable', () =>
    with_registry(async ({ backend, clock, follow }) => {
      await announce_types(backend.registry, 'w1', [type_of('1.0.0')]);
      await clock.advance(86_400_000);
      const catalog = new StepCatalog();
      await follow(catalog).start();
      assert.ok(catalog.find('work', '1.0.0'));
    }));

  test('may be announced by any number of workers as long as they say the same', () =>
    with_registry(async ({ backend }) => {
      const workers = Array.from({ length: 10 }, (_, number) => `w${number}`);
      await Promise.all(workers.map((id) => announce_types(backend.registry, id, [type_of('1.0.0')])));
      assert.is((await backend.registry.list('step_types/')).length, 1);
    }));

  test('that differ under one version are refused, later worker and earlier one named, all of them at once', () =>
    with_registry(async ({ backend, clock }) => {
      const types = [type_of('1.0.0'), type_of('1.0.0', { type_id: 'other' })];
      await announce_types(backend.registry, 'first-worker', types);
      const worker = { worker_id: 'first-worker', types, started_at: 0, concurrency: {} };
      const presence = new WorkerPresence({ registry: backend.registry, clock, log: quiet_logger, worker });
      await presence.start();
      const changed = types.map((type) => ({ ...type, description: 'else', is_async: true }));
      const { code, message } = await refusal_of(() => announce_types(backend.registry, 'later-worker', changed));
      assert.is(code, 'PLUGIN_DUPLICATE');
      for (const type_id of ['work', 'other']) {
        const words = `worker 'later-worker' brings step type '${type_id}' 1.0.0 with another description, is_async than worker 'first-worker' announced`;
        assert.ok(message.includes(words), message);
      }
      await presence.stop();
      const alone = await refusal_of(() => announce_types(backend.registry, 'later-worker', changed));
      assert.match(alone.message, 'than a worker that is gone announced; a plugin that changes needs a new version');
      assert.equal((await backend.registry.get('step_types/work/1.0.0'))?.value, type_of('1.0.0'));
    }));

  test('of two workers that announce at the same moment are those of one of them', () =>
    with_registry(async ({ backend }) => {
      const outcomes = await Promise.allSettled(
        ['a', 'b', 'c'].map((id) => announce_types(backend.registry, id, [type_of('1.0.0', { description: id })])),
      );
      assert.equal(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
    }));

  test('that cannot be understood are passed over', () =>
    with_registry(async ({ backend, follow }) => {
      await backend.registry.put('step_types/broken/1.0.0', { type_id: 'broken', version: 1 });
      await announce_types(backend.registry, 'w', [type_of('1.0.0')]);
      const catalog = new StepCatalog();
      await follow(catalog).start();
      assert.equal(catalog.type_ids(), ['work']);
    }));

  test('are looked up once for a definition whose types have not been heard of yet', () =>
    with_registry(async ({ backend, follow }) => {
      const known = new StepCatalog();
      known.add(work_type, '1.0.0', 'own');
      const compiler = create_expression_compiler();
      const segment = { segment_id: 's', name: 'S', entrypoint: 'a', steps: [{ step_id: 'a', type: 'work' }] };
      const hash = await new Definitions(backend.blobs, known, compiler).put(define_segment(segment, known));
      const catalog = new StepCatalog();
      const announced = follow(catalog);
      const asked: string[] = [];
      const look_up = (type_id: string, version: string): Promise<void> => {
        asked.push(`${type_id} ${version}`);
        return announced.look_up(type_id, version);
      };
      const definitions = new Definitions(backend.blobs, catalog, compiler, look_up);
      const { code, message } = await refusal_of(() => definitions.plan(hash));
      assert.is(code, 'SEGMENT_INVALID');
      assert.match(message, "step type 'work' in version 1.0.0 is not installed");
      await announce_types(backend.registry, 'w', [type_of('1.0.0')]);
      assert.is((await definitions.plan(hash)).steps.length, 1);
      await definitions.plan(hash);
      assert.equal(asked, ['work 1.0.0', 'work 1.0.0']);
    }));
});
