/**
 * Purpose: the size and hygiene rules of the code that no linter knows: prints a line of figures per package, then every problem.
 * Exceptions are in budgets.json, each with its reason; one that is no longer needed is a problem.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkWorkspace } from './workspace-budgets.mjs';

function packageOf(path) {
  const [first, second] = path.split('/');
  return ['plugins', 'services', 'clients'].includes(first) ? `${first}/${second}` : first;
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
const spread = (sizes) => {
  const sorted = [...sizes].sort((a, b) => a - b);
  return `${percentile(sorted, 0.5)} · ${percentile(sorted, 0.9)} · ${sorted.at(-1) ?? 0}`;
};

function printFigures(measured) {
  console.log('package                     files    lines   lines/file¹   lines/function¹  any/kLOC  as/kLOC');
  for (const [name, files] of byPackage(measured)) {
    const lines = files.reduce((sum, file) => sum + file.lines, 0);
    const perKloc = (key) => ((files.reduce((sum, file) => sum + file[key], 0) / lines) * 1000).toFixed(1);
    const columns = [
      name.padEnd(26),
      String(files.length).padStart(6),
      String(lines).padStart(8),
      spread(files.map((file) => file.lines)).padStart(15),
      spread(files.flatMap((file) => file.functions)).padStart(15),
      perKloc('anyCount').padStart(10),
      perKloc('asCount').padStart(8),
    ];
    console.log(columns.join(' '));
  }
  console.log('¹ median · 90th percentile · largest');
}

function byPackage(measured) {
  const groups = new Map();
  for (const file of measured) {
    const name = packageOf(file.path);
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return groups;
}

const { problems, measured } = checkWorkspace(join(dirname(fileURLToPath(import.meta.url)), '..'));
printFigures(measured);
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`\n${problems.length} budget problems`);
  process.exitCode = 1;
}
