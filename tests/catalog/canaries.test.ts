import { openMemoryBackend } from '@llmteam/backend-embedded';
import { isLlmteamError, type JsonObject, type Logger, type Segment, type StepTypeMetadata } from '@llmteam/contracts';
import {
  Canaries,
  type CanarySettings,
  createExpressionCompiler,
  createRunService,
  Definitions,
  defineSegment,
  type PinnedTypes,
  type RunService,
  StepCatalog,
} from '@llmteam/kernel';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { workType } from '../support/simulation/work-type.js';
import { spec } from '../support/spec.js';

const strict: JsonObject = { type: 'object', properties: { page: { type: 'integer' } }, additionalProperties: false };
const schemas: Readonly<Record<string, JsonObject>> = {
  '1.0.0': { type: 'object' },
  '1.1.0': { type: 'object' },
  '2.0.0': strict,
};

interface Scene {
  readonly warnings: readonly string[];
  put(segment: Segment, pinned?: PinnedTypes): Promise<string>;
  /** The versions that runs with these ids start on, and what the service says to starting them. */
  versionsOf(settings: CanarySettings, definition: string, ids: readonly string[]): Promise<PinnedTypes[]>;
  service(settings: CanarySettings): RunService;
}

async function withCatalog(use: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const backend = await openMemoryBackend({ clock });
  const catalog = new StepCatalog();
  for (const [version, configSchema] of Object.entries(schemas)) {
    const metadata: StepTypeMetadata = {
      permissions: [],
      ...workType.metadata,
      type_id: 'ocr',
      version,
      config_schema: configSchema,
    };
    catalog.announce(metadata, 'ocr', false);
  }
  const compiler = createExpressionCompiler();
  const definitions = new Definitions(backend.blobs, catalog, compiler);
  const warnings: string[] = [];
  const log: Logger = { ...quietLogger, warn: (_fields: object, message: string) => void warnings.push(message) };
  const service: Scene['service'] = (settings) => {
    const canaries = new Canaries({ settings, catalog, compiler, definitions, log });
    const { journal, index } = backend;
    return createRunService({ journal, index, definitions, clock, newId: () => crypto.randomUUID(), canaries });
  };
  const put: Scene['put'] = (segment, pinned) => {
    const defined = defineSegment(segment, catalog);
    return definitions.put({ segment, step_types: { ...defined.step_types, ...pinned } });
  };
  const versionsOf: Scene['versionsOf'] = async (settings, definition, ids) => {
    const runs = service(settings);
    return Promise.all(
      ids.map(async (runId) => {
        const run = await runs.start({ tenant_id: 'acme', definition, input: {}, run_id: runId });
        return (await runs.show(run)).step_types ?? {};
      }),
    );
  };
  try {
    await use({ warnings, put, versionsOf, service });
  } finally {
    await backend.close();
  }
}

function ocr(type: string, config: JsonObject = {}): Segment {
  return { segment_id: 'scan', name: 'Scan', entrypoint: 'a', steps: [{ step_id: 'a', type, config }], edges: [] };
}

function idsFor(name: string): string[] {
  return Array.from({ length: 200 }, (_, number) => `${name}-${number}`);
}

const pinned = { ocr: '1.0.0' };

spec('canaries', (test) => {
  test('a share of new runs takes the other version, and none of them once it is 0 or gone', () =>
    withCatalog(async ({ put, versionsOf }) => {
      const definition = await put(ocr('ocr'), pinned);
      const on = await versionsOf({ ocr: { version: '1.1', share: 0.25 } }, definition, idsFor('on'));
      const taken = on.filter(({ ocr: version }) => version === '1.1.0').length;
      assert.ok(taken > 25 && taken < 75, `${taken} of 200`);
      assert.is(on.filter(({ ocr: version }) => version === '1.0.0').length, 200 - taken);
      const off = await versionsOf({ ocr: { version: '1.1', share: 0 } }, definition, idsFor('off'));
      const gone = await versionsOf({}, definition, idsFor('gone'));
      assert.ok([...off, ...gone].every(({ ocr: version }) => version === '1.0.0'));
    }));

  test('a larger share keeps the runs of a smaller one: which they are follows from their ids', () =>
    withCatalog(async ({ put, versionsOf }) => {
      const definition = await put(ocr('ocr'), pinned);
      const ids = idsFor('run');
      const some = await versionsOf({ ocr: { version: '1.1', share: 0.2 } }, definition, ids);
      await withCatalog(async (other) => {
        await other.put(ocr('ocr'), pinned);
        const more = await other.versionsOf({ ocr: { version: '1.1', share: 0.6 } }, definition, ids);
        assert.ok(some.every(({ ocr: version }, at) => version === '1.0.0' || more[at]?.ocr === '1.1.0'));
      });
    }));

  test('a run that has started stays as it is when the share changes, also when its start is repeated', () =>
    withCatalog(async ({ put, versionsOf }) => {
      const definition = await put(ocr('ocr'), pinned);
      const all = { ocr: { version: '1.1', share: 1 } };
      assert.equal(await versionsOf(all, definition, ['one']), [{ ocr: '1.1.0' }]);
      assert.equal(await versionsOf({}, definition, ['one']), [{ ocr: '1.1.0' }]);
      assert.equal(await versionsOf({}, definition, ['two']), [{ ocr: '1.0.0' }]);
      assert.equal(await versionsOf(all, definition, ['two']), [{ ocr: '1.0.0' }]);
    }));

  test('a version that the segment does not allow is not taken', () =>
    withCatalog(async ({ put, versionsOf }) => {
      const all = { ocr: { version: '2', share: 1 } };
      const config = { page: 1 };
      const exact = await put(ocr('ocr@1.0.0', config));
      assert.equal(await versionsOf(all, exact, ['exact']), [{ 'ocr@1.0.0': '1.0.0' }]);
      const major = await put(ocr('ocr@1', config));
      assert.equal(await versionsOf(all, major, ['major']), [{ 'ocr@1': '1.1.0' }]);
      const both = await put(ocr('ocr@>=1', config), { 'ocr@>=1': '1.0.0' });
      assert.equal(await versionsOf(all, both, ['both']), [{ 'ocr@>=1': '2.0.0' }]);
    }));

  test('a segment that is not valid with the version runs on its own, which is told once', () =>
    withCatalog(async ({ put, versionsOf, warnings }) => {
      const definition = await put(ocr('ocr', { dpi: 300 }), pinned);
      const versions = await versionsOf({ ocr: { version: '2', share: 1 } }, definition, ['one', 'two', 'three']);
      assert.equal(versions, [pinned, pinned, pinned]);
      assert.is(warnings.length, 1);
      assert.match(warnings[0] ?? '', /^segment 'scan' is not valid with the versions of 'canary': .*; its runs take/);
    }));

  test('a version that is not installed is told, and a range that is none is refused', () =>
    withCatalog(async ({ put, versionsOf, warnings, service }) => {
      const definition = await put(ocr('ocr'), pinned);
      assert.equal(await versionsOf({ ocr: { version: '^7', share: 1 } }, definition, ['one', 'two']), [
        pinned,
        pinned,
      ]);
      assert.equal(warnings, ["canary.ocr: no version in '^7' is installed, so no run takes one"]);
      const thrown = ((): unknown => {
        try {
          return service({ ocr: { version: 'newest', share: 1 } });
        } catch (error) {
          return error;
        }
      })();
      assert.ok(isLlmteamError(thrown) && thrown.code === 'CONFIG_INVALID');
    }));
});
