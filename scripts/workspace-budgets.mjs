/**
 * Purpose: applies the rules of budget-rules.mjs to every code file of a workspace and takes off the exceptions of its scripts/budgets.json.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './budget-rules.mjs';

const skippedFolders = new Set(['node_modules', 'dist', 'bundle', 'coverage', '.git']);
const drawers = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'misc']);
const codeRoots = ['contracts', 'kernel', 'plugins', 'services', 'clients', 'tests', 'bench', 'scripts', 'examples'];

function* walk(root, folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!skippedFolders.has(entry.name)) yield* walk(root, path);
    } else if (/\.(ts|mjs|cjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts')) {
      yield path;
    }
  }
}

function kindOf(path) {
  return {
    is_source: /^(contracts|kernel|plugins|services|clients)\//.test(path),
    is_test: path.startsWith('tests/'),
    is_pure: /^(kernel\/src\/engine|plugins\/flow\/src)\//.test(path),
    may_read_env: /\/config\.ts$/.test(path) || path.startsWith('clients/cli/src/'),
  };
}

function nameFindings(path) {
  const drawer = path.split('/').find((part) => drawers.has(part.split('.')[0]));
  return drawer ? [{ rule: 'name', line: 1, message: `'${drawer}' says nothing; name it for the concept` }] : [];
}

/** An exception may raise a limit to a number of its own, for a file or for one function in it. */
function excused(finding, path, exceptions) {
  const exception = exceptions.find(
    (one) => one.rule === finding.rule && one.path === path && (one.name === undefined || one.name === finding.name),
  );
  if (!exception || (finding.size !== undefined && finding.size > exception.limit)) return false;
  exception.used = true;
  return true;
}

function exceptionProblems(exceptions) {
  return exceptions.flatMap(({ rule, path, reason, used }) => {
    const place = `scripts/budgets.json: exception ${rule} for ${path}`;
    if (typeof reason !== 'string' || reason.length < 10) return [`${place} has no reason`];
    return used ? [] : [`${place} is no longer needed`];
  });
}

/** The command line is one process and has no config.ts: one file of its choice reads the environment. */
function environmentProblems(measured) {
  const readers = measured.filter(({ path, readsEnv }) => readsEnv && path.startsWith('clients/cli/src/'));
  if (readers.length <= 1) return [];
  return [
    `clients/cli/src: ${readers.length} files read process.env, at most one may: ${readers.map(({ path }) => path).join(', ')}`,
  ];
}

/** @returns {{ problems: string[], measured: { path: string, lines: number, functions: number[], anyCount: number, asCount: number }[] }} */
export function checkWorkspace(root) {
  const { limits, exceptions } = JSON.parse(readFileSync(join(root, 'scripts/budgets.json'), 'utf8'));
  const present = new Set(readdirSync(root));
  const paths = codeRoots.filter((name) => present.has(name)).flatMap((name) => [...walk(root, name)].sort());
  const measured = paths.map((path) => ({
    path,
    ...measure(path, readFileSync(join(root, path), 'utf8'), kindOf(path), limits),
  }));
  const problems = measured.flatMap(({ path, findings }) =>
    [...nameFindings(path), ...findings]
      .filter((finding) => !excused(finding, path, exceptions))
      .map(({ rule, line, message }) => `${path}:${line} ${rule}: ${message}`),
  );
  return { problems: [...problems, ...environmentProblems(measured), ...exceptionProblems(exceptions)], measured };
}
