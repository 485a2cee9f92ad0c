/**
 * Purpose: decides which test files share a process, and in which order the processes start.
 * Loading the kernel takes longer than most tests do, so files of the same folder share a process until it has enough to do.
 * The first lines of a file say what is different about it:
 *
 *   // own process: WHY   the process is part of what is tested (memory, signals, environment), or the file is loaded with `await`
 *   // mostly waits       for leases, pauses or timeouts: a process of its own, beside those that keep the processors busy
 *   // takes: 40          seconds of work, if it is much more than usual: it shares with fewer, and starts early
 *   // timeout: 600       seconds until its process is killed (default 300); each further file in it adds 60
 */
import { posix } from 'node:path';

const defaultTimeoutSeconds = 300;
const usualSeconds = 4;
const enoughSeconds = 32;

/** @param files {{name: string, source: string}[]} sorted by name */
export function unitsOf(files) {
  const known = files.map((file) => ({ ...file, ...headOf(file.source) }));
  const folders = [...new Set(known.map(folderOf))];
  const inside = (folder) => known.filter((file) => folderOf(file) === folder);
  // The longest first: no process that started last keeps the others waiting for long.
  return folders.flatMap((folder) => unitsOfFolder(inside(folder))).sort((one, other) => other.takes - one.takes);
}

/** The units of a project (a tsconfig.json): all files of what it includes, in its order. */
export function unitsOfProject(include, files) {
  return include.map((path) => {
    const inside = files.filter(({ name }) => `${name}.test.ts` === path || name.startsWith(`${path}/`));
    if (inside.length === 0) throw new Error(`the project includes ${path}, which has no tests`);
    const unit = unitOf(inside.map((file) => ({ ...file, ...headOf(file.source) })));
    return { ...unit, name: path.replace(/\.test\.ts$/, '') };
  });
}

function headOf(source) {
  const head = source.split('\n', 10).join('\n');
  const seconds = (key) => Number(new RegExp(`^// ${key}: (\\d+)\\s*$`, 'm').exec(head)?.[1] ?? 0);
  const waits = /^\/\/ mostly waits\s*$/m.test(head);
  return {
    waits,
    isAlone: waits || /^\/\/ own process: \S/m.test(head),
    takes: seconds('takes') || usualSeconds,
    timeoutSeconds: seconds('timeout') || defaultTimeoutSeconds,
  };
}

function unitsOfFolder(files) {
  const shared = files.filter(({ isAlone }) => !isAlone);
  const parts = [[]];
  for (const file of shared) {
    if (secondsOf([...parts.at(-1), file]) > enoughSeconds && parts.at(-1).length > 0) parts.push([]);
    parts.at(-1).push(file);
  }
  const alone = files.filter(({ isAlone }) => isAlone).map((file) => [file]);
  return [...alone, ...parts].filter((part) => part.length > 0).map(unitOf);
}

function unitOf(files) {
  return {
    name: nameOf(files),
    files,
    takes: secondsOf(files),
    waits: files.every(({ waits }) => waits),
    timeoutSeconds: Math.max(...files.map(({ timeoutSeconds }) => timeoutSeconds)) + 60 * (files.length - 1),
  };
}

/** As a shell would write it: `cli/{run,runs,tasks}`. */
function nameOf(files) {
  const [{ name }] = files;
  if (files.length === 1) return name;
  return posix.join(folderOf({ name }), `{${files.map((file) => posix.basename(file.name)).join(',')}}`);
}

function folderOf({ name }) {
  return posix.dirname(name);
}

function secondsOf(files) {
  return files.reduce((sum, { takes }) => sum + takes, 0);
}
