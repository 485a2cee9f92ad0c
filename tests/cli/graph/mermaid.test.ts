import type { Segment } from '@llmteam/contracts';
import { drawMermaid } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { readFlowchart } from './support/mermaid-checker.js';
import { randomSegment } from './support/random-segment.js';
import { articleWriter, chain, diamond, nestedLoops, reviewedDraft, runOf, segment } from './support/segments.js';

const hostile = [
  'say "hi" [now] {or} (never) | end; #35; <b>bold</b> & more\nsecond line',
  '%%{init: {"theme": "dark"}}%%',
  '1. first',
  '- item',
  '`code` *stars* _under_ ~~gone~~ $x$ \\ ^ @ --> ==> ---',
  'end',
  'style a:#b;c classDef d:#e;f click',
  '---\ntitle: other\n---',
  'nul \u0000 lone \ud800 \uffff',
  '日本語 👩‍👩‍👧‍👦 مرحبا',
  'x'.repeat(3_000),
  '',
];

spec('graph: mermaid', (test) => {
  test('an inner step with the id of a step says nothing of that step', () => {
    const agent = segment({ agent: 'calls', write: 'llm_agent' }, ['agent -> write']);
    const error = {
      error_type: 'LlmteamError',
      error_code: 'STEP_TIMEOUT',
      error_message: 'too long',
      recoverable: true,
      details: { step_id: 'agent', failed_step: 'agent[0]/write' },
    };
    const running = runOf(agent, { agent: 'running', write: 'pending', 'agent[0]/write': 'running' });
    const failed = runOf(agent, { agent: { status: 'failed', error }, write: 'pending' }, { status: 'failed', error });
    for (const view of [running, failed]) assert.match(drawMermaid(agent, { view }), /"write<br\/>.*<br\/>pending"/);
  });

  test('every step is one node and every edge one link, and one link marks the start', () => {
    const samples: Segment[] = [articleWriter, diamond, nestedLoops, reviewedDraft, randomSegment(3, 60)];
    for (const sample of samples) {
      const chart = readFlowchart(drawMermaid(sample));
      assert.is(chart.nodes.size, sample.steps.length + 1);
      const links = chart.edges.map(({ from, to }) => `${from} ${to}`);
      const expected = (sample.edges ?? []).map(({ from, to }) => `s_${from} s_${to}`);
      assert.equal(links, [...expected, `start s_${sample.entrypoint}`]);
    }
  });

  test('whatever a text holds, nothing of it is syntax and all of it is shown', () => {
    for (const text of hostile) {
      const sample = {
        ...segment({ a: { step_id: 'a', type: 'map', name: text }, b: { step_id: 'b', type: 'x', name: text } }),
        name: text,
        edges: [
          { from: 'a', from_port: 'body', to: 'b', condition: text },
          { from: 'b', to: 'a', to_port: 'next' },
        ],
      };
      const chart = readFlowchart(drawMermaid(sample));
      assert.is(chart.edges.length, 3);
      const shown = chart.nodes.get('s_b')?.[0] ?? '';
      const wanted = text
        .replace(/[\ud800\0\uffff]/g, '\ufffd')
        .replace(/\s+/g, ' ')
        .trim();
      assert.ok(shown.endsWith('…') ? wanted.startsWith(shown.slice(0, -1)) : shown === (wanted || 'b'), shown);
    }
  });

  test('step ids that are words of Mermaid are no keywords any more', () => {
    const ids = ['end', 'default', 'graph', 'subgraph', 'style', 'class', 'click', 'start', 'o', 'x'];
    const chart = readFlowchart(drawMermaid(segment(Object.fromEntries(ids.map((id) => [id, 'loop'])))));
    assert.equal([...chart.nodes.keys()], [...ids.map((id) => `s_${id}`), 'start']);
  });

  test('loops are subgraphs, nested like the loops', () => {
    const { within } = readFlowchart(drawMermaid(nestedLoops));
    assert.is(within.get('g_each'), '');
    assert.is(within.get('g_again'), 'g_each');
    assert.is(within.get('s_again'), 'g_again');
    assert.is(within.get('s_fix'), 'g_again');
    assert.is(within.get('s_fetch'), 'g_each');
    assert.is(within.get('s_report'), '');
  });

  test('edges back and error edges are dotted, error edges red, the rest neither', () => {
    const { edges, linkedStyles } = readFlowchart(drawMermaid(nestedLoops));
    const dotted = edges.filter(({ arrow }) => arrow === '-.->').map(({ from, to }) => `${from} ${to}`);
    assert.equal(dotted, ['s_check s_again', 's_sum_up s_each', 's_each s_note']);
    assert.equal(
      linkedStyles.map((place) => edges[place]?.label),
      ['error'],
    );
  });

  test('a run colours nodes by status and thickens the way it took', () => {
    const view = runOf(
      diamond,
      {
        ask: { status: 'completed', attempt: 2 },
        urgent: 'completed',
        page: 'skipped',
        draft: 'running',
        alert: 'skipped',
      },
      { status: 'running' },
    );
    const chart = readFlowchart(drawMermaid(diamond, { view }));
    assert.is(chart.title, 'Sample - running');
    assert.is(chart.nodeClasses.get('s_ask'), 'st_completed');
    assert.is(chart.nodeClasses.get('s_page'), 'st_skipped');
    assert.is(chart.nodeClasses.get('s_log'), 'st_pending');
    assert.is(chart.nodes.get('s_ask')?.[2], 'completed ×2');
    const thick = chart.edges.filter(({ arrow }) => arrow === '==>').map(({ from, to }) => `${from} ${to}`);
    assert.equal(thick, ['s_ask s_urgent', 's_urgent s_draft']);
    assert.is(readFlowchart(drawMermaid(diamond)).nodeClasses.size, 0);
  });

  test('short chains run from left to right, long ones and loops from top to bottom', () => {
    const direction = (sample: Segment): string => readFlowchart(drawMermaid(sample)).direction;
    assert.equal([chain(6), chain(7), nestedLoops].map(direction), ['LR', 'TB', 'TB']);
  });

  test('the same arguments give the same text', () => {
    assert.is(drawMermaid(reviewedDraft), drawMermaid(structuredClone(reviewedDraft)));
  });

  test('the checker of these tests refuses what Mermaid would stumble over', () => {
    const head = '---\ntitle: "t"\n---\nflowchart LR\n';
    const wrong = [
      '  end',
      '  end["x"]',
      '  a["say "hi""]',
      '  a["x|y"]',
      '  a["x"]\n  a["y"]',
      '  a["x"]\n  a --> b',
      '  a["x"]:::nope',
      '  subgraph g["x"]',
      '  a[x]',
      '  a["x"]\n  linkStyle 0 stroke:#fff',
    ];
    for (const lines of wrong) assert.throws(() => readFlowchart(`${head}${lines}\n`), undefined, lines);
    assert.is(readFlowchart(`${head}  a["x"]\n`).nodes.size, 1);
  });
});
