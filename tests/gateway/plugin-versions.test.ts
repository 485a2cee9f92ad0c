/** Several versions of a plugin, installed one after the other, as segments and runs see them over HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteBackend } from '@llmteam/backend-embedded';
import type { CatalogType, PluginPage, RunView, Segment, SegmentStored, ValidationReport } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { type Installed, install } from '../support/installed-plugins.js';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { config, withGateway, withSegments } from './support/with-gateway.js';

const patience = { timeoutMs: 60_000 };
const all = '/api/v1/segments';

const first: Installed = {
  alias: 'acme-ocr',
  packageName: '@acme/llmteam-ocr',
  name: 'ocr',
  version: '1.4.0',
  types: ['ocr'],
  configSchema: { type: 'object', properties: { dpi: { type: 'integer' } }, additionalProperties: false },
  run: "return { output: 'read by 1.4.0' };",
};
const second: Installed = {
  ...first,
  alias: 'acme-ocr-v2',
  version: '2.0.0',
  configSchema: { type: 'object', properties: { resolution: { type: 'integer' } }, additionalProperties: false },
  run: "return { output: 'read by 2.0.0' };",
};

/** Waits for the signal `go`, then reads. */
function scan(segmentId: string, type: string, config = {}): Segment {
  return {
    segment_id: segmentId,
    name: segmentId,
    entrypoint: 'wait',
    params: { timeout_seconds: null },
    steps: [
      { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
      { step_id: 'read', type, config },
    ],
    edges: [{ from: 'wait', to: 'read' }],
  };
}

interface Place {
  /** A gateway on the same store with these plugins installed and configured. */
  with(
    plugins: readonly Installed[],
    use: (client: ApiClient, other: ApiClient) => Promise<void>,
    more?: object,
  ): Promise<void>;
}

async function inOnePlace(use: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-versions-'));
  try {
    await use({
      with: async (plugins, work, more = {}) => {
        for (const one of plugins) install(folder, one);
        const clock = systemClock();
        const backend = await openSqliteBackend({ folder: join(folder, 'store'), clock });
        const entries = plugins.map(({ alias }) => ({ package: alias, isolation: 'inline' as const }));
        const own = { ...config, folder, file: { plugins: entries, ...more } };
        await withGateway(async (world) => work(await world.client('acme'), await world.client('other')), {
          config: own,
          backend,
          clock,
        });
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(client: ApiClient, segmentId: string, key?: string): Promise<string> {
  const body = key === undefined ? {} : { idempotency_key: key };
  const { status, json, text } = await client.post<{ run_id: string }>(`${all}/${segmentId}/runs`, body);
  assert.ok(status === 202 || status === 200, text);
  return json.run_id;
}

async function finish(client: ApiClient, runId: string): Promise<RunView> {
  await client.post(`/api/v1/runs/${runId}/signals/go`, {});
  return (await client.get<RunView>(`/api/v1/runs/${runId}?wait=20`)).json;
}

async function store(client: ApiClient, segment: Segment): Promise<readonly string[]> {
  const { status, json, text } = await client.post<SegmentStored>(all, segment);
  assert.ok(status === 201 || status === 200, text);
  return json.warnings.map(({ code, path }) => `${code} ${path}`);
}

spec('versions of plugins over HTTP', (test) => {
  test(
    'a type without a version is a warning when it is validated and stored; with one, or built in, it is none',
    () =>
      inOnePlace((place) =>
        place.with([first], async (client) => {
          const { json } = await client.post<ValidationReport>(`${all}/validate`, scan('a', 'ocr'));
          assert.is(json.valid, true);
          assert.equal(
            json.problems.map(({ code, severity, suggestion }) => [code, severity, suggestion]),
            [['VERSION_UNPINNED', 'warning', 'ocr@1']],
          );
          assert.equal(await store(client, scan('a', 'ocr')), ['VERSION_UNPINNED /steps/1/type']);
          assert.equal(await store(client, scan('b', 'ocr@1')), []);
          assert.equal(await store(client, scan('c', 'transform', { expression: '1' })), []);
        }),
      ),
    patience,
  );

  test(
    'a run, its fork and a run started by its child step end on the version they began with; a newer major changes neither them nor a stored segment',
    () =>
      inOnePlace(async (place) => {
        const parent: Segment = {
          ...scan('parent', 'subworkflow', { segment_ref: 'a', input: 'input' }),
          steps: [{ step_id: 'call', type: 'subworkflow', config: { segment_ref: 'a' } }],
          entrypoint: 'call',
          edges: [],
        };
        const runs: Record<string, string> = {};
        await place.with([first], async (client) => {
          await withSegments(client, scan('a', 'ocr', { dpi: 300 }), parent);
          runs.alone = await start(client, 'a');
          runs.parent = await start(client, 'parent');
        });
        await place.with([first, second], async (client) => {
          const { json: fork } = await client.post<{ run_id: string }>(`/api/v1/runs/${runs.alone}/fork`, {
            from_step: 'wait',
          });
          for (const id of [runs.alone ?? '', fork.run_id]) {
            const { output, step_types } = await finish(client, id);
            assert.equal([output, step_types?.ocr], ['read by 1.4.0', '1.4.0']);
          }
          const { json: children } = await client.get<{ runs: { run_id: string }[] }>(
            `/api/v1/runs?parent_run_id=${runs.parent}`,
          );
          const child = children.runs[0]?.run_id ?? '';
          assert.is((await finish(client, child)).step_types?.ocr, '1.4.0');
          const ended = (await client.get<RunView>(`/api/v1/runs/${runs.parent}?wait=20`)).json;
          assert.is(JSON.stringify(ended.output).includes('read by 1.4.0'), true, JSON.stringify(ended));
          assert.is((await finish(client, await start(client, 'a'))).output, 'read by 1.4.0');
          // Stored again, it keeps its major: its config would not fit the newer one.
          await store(client, { ...scan('a', 'ocr', { dpi: 600 }), name: 'Changed' });
          assert.is((await finish(client, await start(client, 'a'))).output, 'read by 1.4.0');
          assert.is((await client.post(all, scan('a', 'ocr@2', { dpi: 600 }))).status, 422);
          await store(client, scan('a', 'ocr@2', { resolution: 600 }));
          assert.is((await finish(client, await start(client, 'a'))).output, 'read by 2.0.0');
        });
      }),
    patience,
  );

  test(
    'the catalog describes each version, and the newest unless another is asked for',
    () =>
      inOnePlace((place) =>
        place.with([first, second], async (client) => {
          const path = '/api/v1/catalog/ocr';
          const newest = (await client.get<CatalogType>(path)).json;
          assert.equal([newest.version, newest.versions], ['2.0.0', ['2.0.0', '1.4.0']]);
          const older = (await client.get<CatalogType>(`${path}?version=1`)).json;
          assert.equal([older.version, older.metadata.description], ['1.4.0', 'In version 1.4.0.']);
          const unknown = await client.get<{ code: string }>(`${path}?version=7`);
          assert.equal([unknown.status, unknown.json.code], [404, 'STEP_TYPE_UNKNOWN']);
        }),
      ),
    patience,
  );

  test(
    'admins see what is loaded and what needs which version; of other tenants only that they need it',
    () =>
      inOnePlace(async (place) => {
        let runId = '';
        await place.with([first, second], async (client, other) => {
          await withSegments(client, scan('a', 'ocr@1'), scan('b', 'ocr@2'));
          await withSegments(other, scan('hidden', 'ocr@2'));
          await start(other, 'hidden');
          runId = await start(client, 'a');
          const { plugins, versions, is_complete } = (await client.get<PluginPage>('/api/v1/plugins')).json;
          assert.equal(
            plugins
              .filter(({ name }) => name === 'ocr')
              .map(({ package: from, version, workers }) => [from, version, workers]),
            [
              ['acme-ocr-v2', '2.0.0', 1],
              ['acme-ocr', '1.4.0', 1],
            ],
          );
          const uses = versions.filter(({ type_id }) => type_id === 'ocr');
          const shared = { type_id: 'ocr', is_provided: true };
          assert.equal(uses, [
            {
              ...shared,
              version: '2.0.0',
              segments: ['b'],
              runs: [],
              segment_count: 1,
              run_count: 0,
              is_used_elsewhere: true,
            },
            {
              ...shared,
              version: '1.4.0',
              segments: ['a'],
              runs: [runId],
              segment_count: 1,
              run_count: 1,
              is_used_elsewhere: false,
            },
          ]);
          assert.is(is_complete, true);
        });
        await place.with([second], async (client) => {
          const { versions } = (await client.get<PluginPage>('/api/v1/plugins')).json;
          const missing = versions.filter(({ is_provided }) => !is_provided);
          assert.equal(
            missing.map(({ type_id, version, runs }) => [type_id, version, runs]),
            [['ocr', '1.4.0', [runId]]],
          );
        });
      }),
    patience,
  );

  test(
    'a canary takes its share by the id of a run: a repeated start gets the same run, on the same version, also once it is off',
    () =>
      inOnePlace(async (place) => {
        const any = (): Segment => scan('any', 'ocr@*');
        let runId = '';
        await place.with([first], async (client) => void (await withSegments(client, any())));
        await place.with(
          [first, second],
          async (client) => {
            runId = await start(client, 'any', 'once');
            assert.is((await client.get<RunView>(`/api/v1/runs/${runId}`)).json.step_types?.['ocr@*'], '2.0.0');
          },
          { canary: { ocr: { version: '2', share: 1 } } },
        );
        await place.with([first, second], async (client) => {
          assert.is(await start(client, 'any', 'once'), runId);
          assert.is((await finish(client, runId)).output, 'read by 2.0.0');
          assert.is((await finish(client, await start(client, 'any'))).output, 'read by 1.4.0');
        });
      }),
    patience,
  );
});
