/**
 * Purpose: says what of a released API is gone. A line of a report that is missing later, or is another, counts: also a type that became
 * wider, because a program may rely on what it was. A line that is new does not.
 */
import semver from 'semver';

/** Declarations of a report by their first line. */
function declarations(report) {
  const [, code = ''] = report.split('```ts');
  return code
    .split('```')[0]
    .split(/\n{2,}/)
    .map((block) => block.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')))
    .filter((lines) => lines.length > 0);
}

/** What `export interface A {` declares. */
function nameOf([first]) {
  return first.replace(/[({<=:].*/, '').trim();
}

/** The lines that `released` has and `current` has not, each with its declaration. */
export function breakingChanges(released, current) {
  const now = declarations(current);
  return declarations(released).flatMap((lines) => {
    const name = nameOf(lines);
    const same = now.filter((other) => nameOf(other) === name).flat();
    if (same.length === 0) return [`${name} is gone`];
    return lines.filter((line) => !same.includes(line)).map((line) => `${name}: ${line.trim()}`);
  });
}

/** A new major version may break what was before; before 1.0, a new minor one may. */
export function mayBreak(releasedVersion, version) {
  const kind = semver.diff(releasedVersion, version);
  if (!semver.gt(version, releasedVersion)) return false;
  return kind.endsWith('major') || (semver.major(releasedVersion) === 0 && kind.endsWith('minor'));
}
