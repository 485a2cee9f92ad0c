import type { RunView, Segment, StepDetail, StepPage } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withGateway, withSegments } from './support/with-gateway.js';

const each: Segment = {
  segment_id: 'each',
  name: 'Each',
  entrypoint: 'each',
  steps: [
    { step_id: 'each', type: 'map', config: { items: 'input' } },
    { step_id: 'half', type: 'transform', config: { expression: '100 / input' } },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'half' },
    { from: 'half', to: 'each', to_port: 'next' },
  ],
};

spec('gateway: steps of a run', (test) => {
  test('what every step got and gave can be read, in iterations that are over too, page by page', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), each);
      const { run_id } = (await client.post('/api/v1/segments/each/runs?wait=30', { input_data: [2, 4, 5] })).json;
      const path = `/api/v1/runs/${run_id}/steps`;
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const page = (await client.get<StepPage>(`${path}?limit=3${after}`)).json;
        found.push(...page.steps.map(({ step }) => step));
        cursor = page.cursor;
      }
      assert.equal(found.sort(), ['each', 'each[0]/half', 'each[1]/half', 'each[2]/half']);
      const { inputs, outputs } = (await client.get<StepDetail>(`${path}/${encodeURIComponent('each[1]/half')}`)).json;
      assert.equal([inputs, outputs], [{ input: 4 }, { output: 25 }]);
    });
  });

  test('a step whose error ended its iteration shows what it got and the error', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), each);
      const run = (await client.post<RunView>('/api/v1/segments/each/runs?wait=30', { input_data: [2, 0] })).json;
      assert.is(run.error?.details?.failed_step, 'each[1]/half');
      const step = `/api/v1/runs/${run.run_id}/steps/${encodeURIComponent(String(run.error?.details?.failed_step))}`;
      const { inputs, error, outputs } = (await client.get<StepDetail>(step)).json;
      assert.equal([inputs, error?.error_code, outputs], [{ input: 0 }, 'EXPRESSION_FAILED', null]);
    });
  });

  test('a step that the run has not got to, a run of another tenant and a wrong cursor are refused', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), each);
      const { run_id } = (await client.post('/api/v1/segments/each/runs?wait=30', { input_data: [2] })).json;
      const path = `/api/v1/runs/${run_id}/steps`;
      const unknown = await client.get(`${path}/${encodeURIComponent('each[7]/half')}`);
      assert.equal([unknown.status, unknown.json.code], [404, 'STEP_UNKNOWN']);
      assert.is((await client.get(`${path}?cursor=x`)).status, 400);
      const stranger = await world.client('other');
      assert.is((await stranger.get(path)).status, 404);
      assert.is((await stranger.get(`${path}/each`)).status, 404);
    });
  });
});
