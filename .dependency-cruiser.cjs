/**
 * The import rules of the architecture. Packages import each other by name; here a name stands for the source of the package,
 * so the rules and the search for cycles see the whole workspace and need no build.
 */
const { join } = require('node:path');

const contractsEntry = '^contracts/src/index\\.ts$';
const egressEntry = '^plugins/egress/src/index\\.ts$';
const aiSdkEntry = '^plugins/ai-sdk/src/index\\.ts$';
const typebox = 'node_modules/typebox/';
const otelApi = 'node_modules/@opentelemetry/api/';
const aiSdkSpecification = 'node_modules/@ai-sdk/provider/';
const eventSourceParser = 'node_modules/eventsource-parser/';
const drawer = '/(utils?|common|helpers?|misc)[./]';
/** What a package exports beside its `.`. */
const besideEntry = '^plugins/backend-nats/src/settings-schema\\.ts$';
const anyPackage = '^(contracts|kernel|(plugins|services|clients)/[^/]+)/';

/** One rule: what `from` may not import. */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const gateway = '^services/gateway/src/';
/** The layers of the gateway, highest first; the last one is a group of folders that know only each other. */
const gatewayLayers = ['http', 'openapi', 'routes', 'use-cases', 'following', '(?:keys|audit|limits|metrics|errors)'];
const gatewayFolders = (layers) => `${gateway}(?:${layers.join('|')})/`;

module.exports = {
  forbidden: [
    forbid('no-cycles', 'Two files that need each other are one concept.', {}, { circular: true }),
    forbid('resolvable', 'The imported file or package does not exist.', {}, { couldNotResolve: true }),
    forbid(
      'declared-packages',
      'Every npm package a source file imports is a dependency in the package.json beside it.',
      { path: `${anyPackage}src/` },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'npm-bundled'] },
    ),
    forbid('no-drawers', 'Such a name says nothing; name the file for its concept.', { path: drawer }, {}),
    forbid(
      'no-drawers-imported',
      'Such a name says nothing; name the file for its concept.',
      {},
      { path: drawer, pathNot: 'node_modules/' },
    ),
    forbid(
      'no-build-output',
      'Import the package by its name, never a built file.',
      {},
      { path: '(^|/)(dist|bundle)/', pathNot: 'node_modules/' },
    ),
    forbid(
      'package-entry-only',
      'Other packages are imported through their index.ts.',
      { path: '^((?:contracts|kernel|tests|bench)|(?:plugins|services|clients)/[^/]+)/' },
      { path: `${anyPackage}src/`, pathNot: ['^$1/', `${anyPackage}src/index\\.ts$`, besideEntry] },
    ),
    forbid(
      'nothing-imports-tests',
      'Tests and benchmarks are leaves.',
      { path: anyPackage },
      { path: '^(tests|bench|scripts)/' },
    ),
    forbid(
      'contracts-alone',
      'contracts imports typebox and the types of @opentelemetry/api, nothing else: no Node built-in.',
      { path: '^contracts/src/' },
      { pathNot: ['^contracts/src/', typebox, otelApi] },
    ),
    forbid(
      'contracts-types-of-otel',
      '@opentelemetry/api is for `import type` in contracts.',
      { path: '^contracts/src/' },
      { path: otelApi, dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'kernel-downwards',
      'kernel imports contracts and npm packages.',
      { path: '^kernel/' },
      { path: '^(plugins|services|clients)/' },
    ),
    forbid(
      'engine-pure',
      'The engine imports contracts and its own folder: no Node built-in, no npm package.',
      { path: '^kernel/src/engine/' },
      { pathNot: ['^kernel/src/engine/', contractsEntry] },
    ),
    forbid(
      'plugins-on-contracts',
      'A plugin imports contracts and the libraries egress and ai-sdk, never the kernel, another plugin, a service or a client.',
      { path: '^plugins/([^/]+)/' },
      { path: '^(kernel|plugins|services|clients)/', pathNot: ['^plugins/$1/', egressEntry, aiSdkEntry] },
    ),
    forbid(
      'ai-sdk-alone',
      'The adapter imports contracts and the types of the provider specification: every author of a plugin loads it.',
      { path: '^plugins/ai-sdk/src/' },
      { pathNot: ['^plugins/ai-sdk/src/', contractsEntry, aiSdkSpecification] },
    ),
    forbid(
      'ai-sdk-types',
      '@ai-sdk/provider is for `import type` in the adapter.',
      { path: '^plugins/ai-sdk/src/' },
      { path: aiSdkSpecification, dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'egress-alone',
      'The guarded way out imports contracts, the HTTP client, the address parser and Node: nothing that could go around it.',
      { path: '^plugins/egress/src/' },
      {
        pathNot: [
          '^plugins/egress/src/',
          contractsEntry,
          'node_modules/(?:undici|ipaddr\\.js)/',
          '^(?:node:)?(?:net|dns/promises|events)$',
        ],
      },
    ),
    forbid(
      'flow-pure',
      'Control types run inside the engine: contracts and typebox only, no Node built-in.',
      { path: '^plugins/flow/src/' },
      { pathNot: ['^plugins/flow/src/', contractsEntry, typebox] },
    ),
    forbid(
      'services-downwards',
      'A service imports kernel, contracts, plugins and what services are made of, never a client or another service; dev puts services together.',
      { path: '^services/([^/]+)/', pathNot: '^services/dev/' },
      { path: '^(clients|services)/', pathNot: ['^services/$1/', '^services/host/'] },
    ),
    ...gatewayLayers.map((layer, at) =>
      forbid(
        'gateway-layers',
        `The layers of the gateway import downwards: ${gatewayLayers.join(', ')}; what composes them is above all.`,
        { path: gatewayFolders([layer]) },
        { path: gateway, pathNot: gatewayFolders(gatewayLayers.slice(at)) },
      ),
    ),
    forbid(
      'gateway-http',
      'Only the HTTP layer of the gateway knows HTTP libraries.',
      { path: gateway, pathNot: gatewayFolders(['http']) },
      { path: ['^(?:node:)?https?$', 'node_modules/(?:@koa/|@types/koa|koa|ws/|@types/ws/|path-to-regexp/)'] },
    ),
    forbid(
      'container-in-roots',
      'Only composition roots, those of partitions among them, and the modules they load know the container.',
      {
        path: anyPackage,
        pathNot: [
          '^services/[^/]+/src/(?:root|[a-z-]+-module)\\.ts$',
          '^kernel/src/run-loop/open-partition-loop\\.ts$',
        ],
      },
      { path: 'node_modules/(?:inversify|@inversifyjs|reflect-metadata)/' },
    ),
    forbid(
      'backends-in-one-place',
      'Kernel, services and clients know the contract of a backend; one file of the host knows which ones are built in. Tests may use any.',
      {
        path: '^(kernel|services|clients)/',
        pathNot: ['^services/host/src/built-in-backends\\.ts$', '^clients/testing/'],
      },
      { path: ['^plugins/backend-[^/]+/', 'node_modules/(?:@nats-io/|libsql/)', '^(?:node:)?sqlite$'] },
    ),
    forbid(
      'host-alone',
      'What services are made of knows none of them.',
      { path: '^services/host/' },
      { path: '^services/', pathNot: '^services/host/' },
    ),
    forbid(
      'sdk-on-contracts',
      'The client runs in browsers: eventsource-parser and the types of contracts only.',
      { path: '^clients/sdk/' },
      { pathNot: ['^clients/sdk/', contractsEntry, eventSourceParser] },
    ),
    forbid(
      'cli-on-services',
      'The command line imports services, kernel, contracts, the client of the gateway and what checks plugins.',
      { path: '^clients/cli/src/' },
      { path: '^(plugins|clients)/', pathNot: ['^clients/cli/', '^clients/(sdk|testing)/src/index\\.ts$'] },
    ),
    forbid(
      'testing-on-embedded',
      'What authors test with: the embedded runtime, its backend and what they are made of, no other service or client.',
      { path: '^clients/testing/' },
      {
        path: '^(plugins|services|clients)/',
        pathNot: ['^clients/testing/', '^plugins/backend-embedded/', '^services/(embedded|host)/'],
      },
    ),
  ],
  options: {
    // The executable is two lines around the bundle, which need not be there yet.
    exclude: { path: '^clients/cli/bin/' },
    doNotFollow: { path: ['node_modules', '(^|/)(dist|bundle)/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
    webpackConfig: { fileName: join(__dirname, 'scripts/import-aliases.cjs') },
  },
};
