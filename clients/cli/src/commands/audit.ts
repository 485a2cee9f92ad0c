import type { Command } from 'commander';
import { type Act, onNats, parseName } from './syntax.js';

export function addAudit(program: Command, act: Act): void {
  const audit = program.command('audit').description('verify the audit trail of the API');
  audit
    .command('verify')
    .description('check that no record was changed, removed or inserted')
    .option('--tenant <name>', 'tenant whose trail to verify', parseName, 'default')
    .option(...onNats)
    .option('--json', 'print {intact, pages, records, fault} as JSON')
    .action(act(async (...args) => (await import('../actions/audit-verify.js')).auditVerify(...args)));
}
