import { loadConfig } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { refusalOf, withConfigFile } from './config-files.js';

spec('environment variables of the configuration', (test) => {
  test('go before the file, each for its own key', () => {
    withConfigFile({ nats: { partitions: 8, namespace: 'mine' } }, (path) => {
      const { file } = loadConfig(path, { LLMTEAM_NATS_PARTITIONS: '16' });
      assert.is(file.nats?.partitions, 16);
      assert.is(file.nats?.namespace, 'mine');
    });
  });

  test('become what the schema wants: numbers, lists, values by name, nested keys', () => {
    const { file } = loadConfig(null, {
      LLMTEAM_NATS_SERVERS: 'nats://a:1, nats://b:2,',
      LLMTEAM_NATS_REPLICAS: '3',
      LLMTEAM_NATS_MAX_JOURNAL_BYTES: '-1',
      LLMTEAM_NATS_TLS_CA_FILE: '/etc/ca.pem',
      LLMTEAM_WORKER_HTTP_PORT: '9000',
      LLMTEAM_WORKER_DRAIN_SECONDS: '2.5',
      LLMTEAM_WORKER_TYPES: 'transform',
      LLMTEAM_WORKER_CONCURRENCY_BY_TYPE: 'llm_agent=4, http_action=2',
      LLMTEAM_GATEWAY_INDEX_FILE: './lists.db',
      LLMTEAM_GATEWAY_ORIGINS: 'https://app.example.com,http://[::1]:5173',
      LLMTEAM_GATEWAY_LIMITS_STARTS_PER_SECOND: '200',
      LLMTEAM_RETENTION_MAX_RUNS: '1000',
      LLMTEAM_LOG_LEVEL: 'debug',
      LLMTEAM_SYNCHRONOUS: 'relaxed',
      LLMTEAM_PLUGINS: './mine,@acme/ocr',
    });
    assert.equal(file.nats?.servers, ['nats://a:1', 'nats://b:2']);
    assert.is(file.nats?.replicas, 3);
    assert.is(file.nats?.max_journal_bytes, -1);
    assert.equal(file.nats?.tls, { ca_file: '/etc/ca.pem' });
    assert.is(file.worker?.http.port, 9_000);
    assert.is(file.worker?.http.host, '127.0.0.1');
    assert.is(file.worker?.drain_seconds, 2.5);
    assert.equal(file.worker?.types, ['transform']);
    assert.equal(file.worker?.concurrency_by_type, { llm_agent: 4, http_action: 2 });
    assert.is(file.gateway?.index_file, './lists.db');
    assert.equal(file.gateway?.origins, ['https://app.example.com', 'http://[::1]:5173']);
    assert.equal(file.gateway?.limits, { starts_per_second: 200 });
    assert.is(file.retention?.max_runs, 1_000);
    assert.is(file.log?.level, 'debug');
    assert.is(file.synchronous, 'relaxed');
    assert.equal(file.plugins, ['./mine', '@acme/ocr']);
  });

  test('that are wrong are named, all of them at once', () => {
    const { code, message } = refusalOf(() =>
      loadConfig(null, {
        LLMTEAM_NATS_PARTITIONS: 'many',
        LLMTEAM_NATS_REPLICAS: '2',
        LLMTEAM_WORKER_HTTP_PORT: '70000',
        LLMTEAM_WORKER_CONCURRENCY_BY_TYPE: 'llm_agent',
        LLMTEAM_RETENTION_MAX_AGE_HOURS: '0x10',
        LLMTEAM_LOG_FORMAT: 'xml',
      }),
    );
    assert.is(code, 'CONFIG_INVALID');
    const told = [
      "LLMTEAM_NATS_PARTITIONS: configuration: 'nats.partitions' must be a whole number",
      "LLMTEAM_NATS_REPLICAS: configuration: 'nats.replicas' must be 1 or 3 or 5",
      "LLMTEAM_WORKER_HTTP_PORT: configuration: 'worker.http.port' must be at most 65535",
      'LLMTEAM_WORKER_CONCURRENCY_BY_TYPE: configuration: ',
      "LLMTEAM_RETENTION_MAX_AGE_HOURS: configuration: 'retention.max_age_hours' must be a number",
      "LLMTEAM_LOG_FORMAT: configuration: 'log.format' must be 'auto', 'json' or 'pretty'",
    ];
    for (const words of told) assert.ok(message.includes(words), `${words}\n${message}`);
  });

  test('that are empty, of another program, or for keys that only the file can have, change nothing', () => {
    const { file, unknownVariables } = loadConfig(null, {
      LLMTEAM_NATS_USER: '',
      LLMTEAM_HOME: '/somewhere',
      LLMTEAM_LLMS: 'x',
      NATS_SERVERS: 'nats://elsewhere:1',
    });
    assert.equal(file, {});
    assert.equal(unknownVariables, []);
  });

  test('that look like ours and are none are told, as orchestrators set such ones themselves', () => {
    const { file, unknownVariables } = loadConfig(null, {
      LLMTEAM_WORKER_SERVICE_HOST: '10.0.0.1',
      LLMTEAM_NATS_SERVRES: 'nats://a:1',
    });
    assert.equal(file, {});
    assert.equal(unknownVariables, ['LLMTEAM_NATS_SERVRES', 'LLMTEAM_WORKER_SERVICE_HOST']);
  });

  test('do not hide a section of the file that is no object', () => {
    withConfigFile({ nats: 5 }, (path) => {
      const { message } = refusalOf(() => loadConfig(path, { LLMTEAM_NATS_PARTITIONS: '4' }));
      assert.match(message, "'nats' must be an object");
    });
  });
});
