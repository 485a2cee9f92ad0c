import type { Command } from 'commander';
import { type Act, on_nats, parse_name } from './syntax.js';

export function add_audit(program: Command, act: Act): void {
  const audit = program.command('audit').description('look at the audit trail of the API');
  audit
    .command('verify')
    .description('check that nothing in it was changed, taken out or put in')
    .option('--tenant <name>', 'whose', parse_name, 'default')
    .option(...on_nats)
    .option('--json', 'print {intact, pages, records, fault}')
    .action(act(async (...given) => (await import('../actions/audit-verify.js')).audit_verify(...given)));
}
