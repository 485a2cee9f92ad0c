import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const root = join(import.meta.dirname, '../../..');

const packages = [
  'contracts',
  'kernel',
  'plugins/flow',
  'plugins/transform',
  'plugins/http-action',
  'plugins/egress',
  'plugins/ai-sdk',
  'plugins/backend-embedded',
  'plugins/llm-agent',
  'services/host',
  'services/embedded',
  'services/gateway',
  'clients/cli',
  'clients/testing',
];

/** Files that break no rule. */
const legal: Record<string, string> = {
  ...Object.fromEntries(packages.map((folder) => [`${folder}/src/index.ts`, 'export const entry = 1;'])),
  'contracts/src/schema.ts': "import { Type } from 'typebox';\nimport type { Span } from '@opentelemetry/api';",
  'kernel/src/engine/evolve.ts': "import { entry } from '@llmteam/contracts';\nimport { plan } from './plan.js';",
  'kernel/src/engine/plan.ts': 'export const plan = 1;',
  'kernel/src/load.ts':
    "import { readFile } from 'node:fs/promises';\nimport { distance } from 'fastest-levenshtein';\nimport './engine/plan.js';",
  'plugins/flow/src/map.ts': "import { entry } from '@llmteam/contracts';\nimport { Type } from 'typebox';",
  'plugins/http-action/src/run.ts':
    "import { Agent } from 'undici';\nimport net from 'node:net';\nimport '@llmteam/egress';",
  'plugins/egress/src/fetch.ts':
    "import { entry } from '@llmteam/contracts';\nimport { fetch } from 'undici';\nimport 'node:net';",
  'plugins/ai-sdk/src/answer.ts':
    "import { entry } from '@llmteam/contracts';\nimport type { LanguageModelV3 } from '@ai-sdk/provider';",
  'plugins/llm-agent/src/ask.ts': "import '@llmteam/ai-sdk';",
  'services/host/src/built-in-backends.ts': "export const load = () => import('@llmteam/backend-embedded');",
  'services/host/src/plugins.ts': "import { entry } from '@llmteam/kernel';\nimport flow from '@llmteam/flow';",
  'services/embedded/src/root.ts':
    "import { entry } from '@llmteam/kernel';\nimport { entry as host } from '@llmteam/service-host';",
  'services/gateway/src/http/app.ts':
    "import 'node:http';\nimport 'koa';\nimport '../routes/table.js';\nimport '../keys/ring.js';",
  'services/gateway/src/openapi/document.ts': "import '../routes/table.js';",
  'services/gateway/src/routes/table.ts':
    "import '../use-cases/starts.js';\nimport type { tap } from '../following/tap.js';",
  'services/gateway/src/use-cases/starts.ts': "import '../following/tap.js';\nimport '../limits/limits.js';",
  'services/gateway/src/following/tap.ts': "import '../keys/ring.js';\nexport const tap = 1;",
  'services/gateway/src/keys/ring.ts': "import '../limits/limits.js';\nimport { entry } from '@llmteam/kernel';",
  'services/gateway/src/limits/limits.ts': 'export const limits = 1;',
  'services/gateway/src/gateway-module.ts': "import { ContainerModule } from 'inversify';",
  'services/gateway/src/root.ts': "import './http/app.js';\nimport './use-cases/starts.js';",
  'clients/cli/src/run.ts': "import { entry } from '@llmteam/embedded';\nimport { entry as k } from '@llmteam/kernel';",
  'tests/kernel/evolve.test.ts': "import { entry } from '@llmteam/kernel';\nimport { tool } from '../support/tool.js';",
  'tests/support/tool.ts': 'export const tool = 1;',
};

/** Files that break exactly the named rules. A cycle is reported at one of its files. */
const illegal: Record<string, { readonly text: string; readonly rules: readonly string[] }> = {
  'contracts/src/fs.ts': { text: "import 'node:fs';", rules: ['contracts-alone'] },
  'contracts/src/npm.ts': { text: "import 'ajv';", rules: ['contracts-alone', 'declared-packages'] },
  'contracts/src/up.ts': { text: "import '@llmteam/kernel';", rules: ['contracts-alone'] },
  'contracts/src/otel.ts': { text: "import { trace } from '@opentelemetry/api';", rules: ['contracts-types-of-otel'] },
  'kernel/src/plugin.ts': { text: "import '@llmteam/flow';", rules: ['kernel-downwards'] },
  'kernel/src/service.ts': { text: "import type { entry } from '@llmteam/embedded';", rules: ['kernel-downwards'] },
  'kernel/src/engine/fs.ts': { text: "import 'node:fs';", rules: ['engine-pure'] },
  'kernel/src/engine/npm.ts': { text: "import 'fastest-levenshtein';", rules: ['engine-pure'] },
  'kernel/src/engine/shell.ts': { text: "import '../load.js';", rules: ['engine-pure'] },
  'kernel/src/engine/deep.ts': {
    text: "import '../../../contracts/src/schema.js';",
    rules: ['engine-pure', 'package-entry-only'],
  },
  'kernel/src/undeclared.ts': { text: "import 'undici';", rules: ['declared-packages'] },
  'kernel/src/dev.ts': { text: "import 'esbuild';", rules: ['declared-packages'] },
  'kernel/src/missing.ts': { text: "import './nowhere.js';", rules: ['resolvable'] },
  'kernel/src/utils.ts': { text: "import './load.js';", rules: ['no-drawers'] },
  'kernel/src/helpers/load.ts': { text: "import '../load.js';", rules: ['no-drawers'] },
  'kernel/src/drawer.ts': { text: "import './common/constants.js';", rules: ['no-drawers-imported'] },
  'kernel/src/common/constants.ts': { text: 'export const a = 1;', rules: [] },
  'kernel/src/uncommon.ts': { text: "import './load.js';", rules: [] },
  'kernel/src/one.ts': { text: "import './two.js';", rules: ['no-cycles'] },
  'kernel/src/two.ts': { text: "import type { one } from './one.js';", rules: [] },
  'kernel/src/test.ts': { text: "import '../../tests/support/tool.js';", rules: ['nothing-imports-tests'] },
  'plugins/transform/src/kernel.ts': {
    text: "import '@llmteam/kernel';",
    rules: ['plugins-on-contracts'],
  },
  'plugins/transform/src/flow.ts': {
    text: "import '@llmteam/flow';",
    rules: ['plugins-on-contracts'],
  },
  'plugins/transform/src/service.ts': {
    text: "import '../../../services/embedded/src/index.js';",
    rules: ['plugins-on-contracts'],
  },
  'plugins/egress/src/plugin.ts': {
    text: "import '../../http-action/src/index.js';",
    rules: ['egress-alone', 'plugins-on-contracts'],
  },
  'plugins/egress/src/http.ts': { text: "import 'node:http';", rules: ['egress-alone'] },
  'plugins/ai-sdk/src/http.ts': { text: "import 'node:http';", rules: ['ai-sdk-alone'] },
  'plugins/ai-sdk/src/errors.ts': { text: "import { APICallError } from '@ai-sdk/provider';", rules: ['ai-sdk-types'] },
  'plugins/http-action/src/inside.ts': {
    text: "import '../../egress/src/fetch.js';",
    rules: ['package-entry-only', 'plugins-on-contracts'],
  },
  'plugins/flow/src/fs.ts': { text: "import { join } from 'node:path';", rules: ['flow-pure'] },
  'plugins/flow/src/npm.ts': { text: "import 'yaml';", rules: ['declared-packages', 'flow-pure'] },
  'services/embedded/src/cli.ts': { text: "import 'llmteam';", rules: ['services-downwards'] },
  'services/host/src/service.ts': {
    text: "import '../../embedded/src/index.js';",
    rules: ['host-alone', 'services-downwards'],
  },
  'services/host/src/store.ts': {
    text: "export const load = () => import('@llmteam/backend-embedded');",
    rules: ['backends-in-one-place'],
  },
  'services/embedded/src/store.ts': {
    text: "import type { entry } from '@llmteam/backend-embedded';",
    rules: ['backends-in-one-place'],
  },
  'kernel/src/store.ts': {
    text: "import '@llmteam/backend-embedded';",
    rules: ['backends-in-one-place', 'kernel-downwards'],
  },
  'services/gateway/src/openapi/page.ts': { text: "import '../http/app.js';", rules: ['gateway-layers'] },
  'services/gateway/src/routes/koa.ts': { text: "import type { Context } from 'koa';", rules: ['gateway-http'] },
  'services/gateway/src/routes/page.ts': { text: "import '../openapi/document.js';", rules: ['gateway-layers'] },
  'services/gateway/src/routes/answer.ts': {
    text: "import type { app } from '../http/app.js';",
    rules: ['gateway-layers'],
  },
  'services/gateway/src/use-cases/route.ts': { text: "import '../routes/table.js';", rules: ['gateway-layers'] },
  'services/gateway/src/use-cases/response.ts': {
    text: "import type { ServerResponse } from 'node:http';",
    rules: ['gateway-http'],
  },
  'services/gateway/src/following/starts.ts': { text: "import '../use-cases/starts.js';", rules: ['gateway-layers'] },
  'services/gateway/src/following/socket.ts': { text: "import 'ws';", rules: ['gateway-http'] },
  'services/gateway/src/keys/tap.ts': { text: "import '../following/tap.js';", rules: ['gateway-layers'] },
  'services/gateway/src/gateway.ts': {
    text: "import type { Container } from 'inversify';",
    rules: ['container-in-roots'],
  },
  'services/gateway/src/keys/root.ts': { text: "import '../root.js';", rules: ['gateway-layers'] },
  'clients/testing/src/gateway.ts': {
    text: "import '../../../services/gateway/src/index.js';",
    rules: ['testing-on-embedded'],
  },
  'clients/cli/src/flow.ts': { text: "import '@llmteam/flow';", rules: ['cli-on-services'] },
  'tests/kernel/inside.test.ts': { text: "import '../../kernel/src/load.js';", rules: ['package-entry-only'] },
  'tests/kernel/built.test.ts': { text: "import '../../kernel/dist/load.js';", rules: ['no-build-output'] },
};

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

/** A workspace with the rules and manifests of this one and generated sources. */
function withWorkspace(files: Record<string, string>, use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-imports-'));
  const copied = ['.dependency-cruiser.cjs', 'scripts/import-aliases.cjs', 'tsconfig.base.json', 'package.json'];
  try {
    for (const path of [...copied, ...packages.map((name) => `${name}/package.json`)]) {
      cpSync(join(root, path), join(folder, path), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${text}\n`);
    }
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `rule file` of every violation, sorted and unique. */
function violations(folder: string): string[] {
  const tool = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [tool, '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const roots = ['contracts', 'kernel', 'plugins', 'services', 'clients', 'tests'];
  const done = spawnSync(process.execPath, [...args, ...roots], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 50_000_000,
  });
  assert.is(done.stderr, '');
  const report = JSON.parse(done.stdout) as Report;
  return [...new Set(report.summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`))].sort();
}

spec('import rules', (test) => {
  test('each rule refuses what it is for and nothing that is allowed', () => {
    const texts = Object.entries(illegal).map(([path, { text }]) => [path, text]);
    const built = { 'kernel/dist/load.js': 'export {};' };
    withWorkspace({ ...legal, ...built, ...Object.fromEntries(texts) }, (folder) => {
      const expected = Object.entries(illegal).flatMap(([path, { rules }]) => rules.map((rule) => `${path}: ${rule}`));
      assert.equal(violations(folder), expected.sort());
    });
  });

  test('a workspace that keeps the rules has no violation', () => {
    withWorkspace(legal, (folder) => assert.equal(violations(folder), []));
  });
});
