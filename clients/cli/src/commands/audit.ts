import { type Command, InvalidArgumentError } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { type Act, onNats, parseLimit, parseMoment, parseName } from './syntax.js';

export function addAudit(program: Command, act: Act): void {
  const audit = program.command('audit').description('list and verify the audit trail of the API');
  const list = audit
    .command('list')
    .description('list the changes that were made through the API, newest first')
    .option('--by-key <prefix>', 'only changes with this key: its part between the underscores', parseName)
    .option('--action <operation>', 'only this operation, e.g. start_run', parseName)
    .option('--since <time>', 'only changes since: 30m, 7d, 2026-01-31', parseMoment)
    .option('--limit <count>', 'maximum number of rows', parseLimit, 20)
    .option('--cursor <cursor>', 'continue a previous list')
    .option('--tenant <name>', 'tenant whose trail to list', parseName, 'default')
    .option(...onNats);
  withGatewayOptions(list)
    .option('--json', 'print {records, cursor} as JSON')
    .action(act(async (...args) => (await import('../actions/audit-list.js')).auditList(...args)));
  audit
    .command('verify')
    .description('check that no record was changed, removed or inserted')
    .option('--tenant <name>', 'tenant whose trail to verify', parseName, 'default')
    .option('--expect-head <hash>', 'also check that the trail contains this head of an earlier time', parseHash)
    .option(...onNats)
    .option('--json', 'print {intact, pages, records, keyed_pages, head, fault} as JSON')
    .action(act(async (...args) => (await import('../actions/audit-verify.js')).auditVerify(...args)));
}

function parseHash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('Expected the head that audit verify printed: 64 hexadecimal digits.');
}
