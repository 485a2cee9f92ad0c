import type { Command } from 'commander';
import { type Act, onNats, parseName } from './syntax.js';

export function addAudit(program: Command, act: Act): void {
  const audit = program.command('audit').description('look at the audit trail of the API');
  audit
    .command('verify')
    .description('check that nothing in it was changed, taken out or put in')
    .option('--tenant <name>', 'whose', parseName, 'default')
    .option(...onNats)
    .option('--json', 'print {intact, pages, records, fault}')
    .action(act(async (...given) => (await import('../actions/audit-verify.js')).auditVerify(...given)));
}
