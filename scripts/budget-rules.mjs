/**
 * Purpose: what one source file is measured and forbidden, on TypeScript's own syntax tree.
 * A finding is `{ rule, line, name?, size?, message }`; check-budgets.mjs compares it with the exceptions.
 */
import ts from 'typescript';

/** Globals and members whose value depends on the machine or the moment: never in the engine or in control types. */
const impureNames = new Set([
  ...['process', 'performance', 'console', 'fetch', 'crypto', 'Intl', 'WeakRef', 'FinalizationRegistry'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
]);
const impureMembers = new Set(['Math.random', 'Date.now']);
const localeMembers = /^(localeCompare|toLocale\w+|getTimezoneOffset)$/;

/** @typedef {{ is_source: boolean, is_pure: boolean, may_read_env: boolean, is_test: boolean }} FileKind */

/** @returns {{ lines: number, functions: number[], anyCount: number, asCount: number, readsEnv: boolean, findings: object[] }} */
export function measure(path, text, kind, limits) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const result = { lines: text.trimEnd().split('\n').length, functions: [], anyCount: 0, asCount: 0, findings: [] };
  result.readsEnv = false;
  const add = (rule, node, message, more = {}) => {
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    result.findings.push({ rule, line, message, ...more });
  };
  if (result.lines > limits.file_lines) {
    add('file-lines', file, `${result.lines} lines, at most ${limits.file_lines}`, { line: 1, size: result.lines });
  }
  for (const statement of file.statements) checkModuleState(statement, add);
  const visit = (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) result.anyCount += 1;
    if (isAssertion(node)) result.asCount += 1;
    if (ts.isFunctionLike(node) && node.body) measureFunction(file, node, kind, limits, result, add);
    if (readsEnvironment(node)) noteEnvironment(node, kind, result, add);
    if (kind.is_pure) checkPurity(node, add);
    if (kind.is_source && ts.isCatchClause(node)) checkCause(node, add);
    ts.forEachChild(node, visit);
  };
  visit(file);
  checkComments(file, text, add);
  return result;
}

/** `as const` and `satisfies` assert nothing that could be false. */
function isAssertion(node) {
  return ts.isTypeAssertionExpression(node) || (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type));
}

function checkModuleState(statement, add) {
  if (!ts.isVariableStatement(statement) || statement.declarationList.flags & ts.NodeFlags.Const) return;
  add('module-let', statement, 'a module-level variable is shared by everything in the process; pass it instead');
}

function measureFunction(file, node, kind, limits, result, add) {
  const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
  const size = file.getLineAndCharacterOfPosition(node.end).line - first + 1;
  if (kind.is_test && listsTests(node)) {
    checkSharedVariables(node, add);
    return;
  }
  result.functions.push(size);
  if (size <= limits.function_lines) return;
  const name = functionName(node);
  add('function-lines', node, `${name}: ${size} lines, at most ${limits.function_lines}`, { name, size });
}

/** The body of a spec or of a conformance suite is a list of laws, as long as there are laws. */
function listsTests(node) {
  if (!ts.isBlock(node.body)) return false;
  return node.body.statements.some(
    (statement) =>
      ts.isExpressionStatement(statement) &&
      ts.isCallExpression(statement.expression) &&
      ts.isIdentifier(statement.expression.expression) &&
      statement.expression.expression.text === 'test',
  );
}

function checkSharedVariables(node, add) {
  for (const statement of node.body.statements) {
    if (ts.isVariableStatement(statement) && !(statement.declarationList.flags & ts.NodeFlags.Const)) {
      add('shared-let', statement, 'tests share no variable: set up in a withX(callback) inside the test');
    }
  }
}

function functionName(node) {
  if (node.name) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const parent = node.parent;
  if ((ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) && parent.name)
    return parent.name.getText();
  return 'function';
}

function readsEnvironment(node) {
  if (ts.isPropertyAccessExpression(node))
    return node.name.text === 'env' && /\bprocess$/.test(node.expression.getText());
  if (ts.isElementAccessExpression(node)) {
    const key = node.argumentExpression;
    return ts.isStringLiteralLike(key) && key.text === 'env' && /\bprocess$/.test(node.expression.getText());
  }
  if (ts.isVariableDeclaration(node) && node.initializer?.getText() === 'process') {
    return ts.isObjectBindingPattern(node.name) && node.name.elements.some((element) => boundKey(element) === 'env');
  }
  if (!ts.isImportSpecifier(node) || boundKey(node) !== 'env') return false;
  return /^(node:)?process$/.test(node.parent.parent.parent.moduleSpecifier.text);
}

function boundKey(element) {
  return (element.propertyName ?? element.name).getText();
}

function noteEnvironment(node, kind, result, add) {
  result.readsEnv = true;
  if (kind.is_source && !kind.may_read_env) add('process-env', node, 'the environment is read in config.ts only');
}

function checkPurity(node, add) {
  const impure = impurity(node);
  if (impure) add('pure', node, `${impure}: the engine and control types depend on nothing but their arguments`);
}

function impurity(node) {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async';
  if (ts.isAwaitExpression(node)) return 'await';
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()';
  if (ts.isPropertyAccessExpression(node)) {
    if (localeMembers.test(node.name.text)) return node.name.text;
    if (impureMembers.has(node.getText())) return node.getText();
  }
  if (ts.isIdentifier(node) && impureNames.has(node.text) && isGlobalUse(node)) return node.text;
  return undefined;
}

/** The name stands for a value here, not for a property, a key or a declaration of the file's own. */
function isGlobalUse(node) {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return true;
  return ts.isVariableDeclaration(parent) && parent.initializer === node;
}

/** Biome's rule of this kind looks for the cause in the second argument; that of LlmteamError is in the third. */
function checkCause(clause, add) {
  const caught = clause.variableDeclaration?.name.getText();
  const visit = (node) => {
    if (ts.isFunctionLike(node) || ts.isCatchClause(node)) return;
    const thrown = ts.isThrowStatement(node) && ts.isNewExpression(node.expression) ? node.expression : undefined;
    if (thrown?.expression.getText() === 'LlmteamError' && !(caught && mentions(thrown, caught))) {
      add('cause', node, 'the error that was caught is lost; pass it as `cause`');
    }
    ts.forEachChild(node, visit);
  };
  visit(clause.block);
}

function mentions(node, name) {
  if (ts.isIdentifier(node)) return node.text === name;
  return ts.forEachChild(node, (child) => mentions(child, name)) ?? false;
}

function checkComments(file, text, add) {
  const unfinished = /(?:\/\/|\/\*|^\s*\*)\s.*\b(TODO|FIXME)\b/gm;
  for (const match of text.matchAll(unfinished)) {
    const line = file.getLineAndCharacterOfPosition(match.index).line + 1;
    add('unfinished', file, `${match[1]}: finish it or write it down elsewhere`, { line });
  }
}
