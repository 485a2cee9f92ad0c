import { type CheckReport, type CheckResult, checkInside, checkPlugin } from '@llmteam/testing';
import { makeColours } from '../colours.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { printNote } from '../notes.js';
import type { Settings } from '../settings.js';

interface Options {
  readonly json?: boolean;
  readonly abortSeconds: number;
  readonly timeout: number;
  /** Set in the process that runs the code of the plugin: what it is told to do, as JSON. */
  readonly inside?: string;
}

export async function pluginCheck(
  settings: Settings,
  [folder = '.']: readonly string[],
  { json, abortSeconds, timeout, inside }: Options,
): Promise<ExitCode> {
  if (inside !== undefined) return await reportInside(inside);
  const report = await checkPlugin(folder, {
    abortMs: abortSeconds * 1_000,
    totalMs: timeout * 1_000,
    ...(settings.config !== undefined && { config: settings.config }),
    child: { file: process.argv[1] ?? '', args: ['plugin', 'check', '--inside'] },
    ...(json !== true && { onResult: (result) => settings.streams.print(`${lineOf(result, settings)}\n`) }),
  });
  if (json === true) settings.streams.print(`${JSON.stringify(report, null, 2)}\n`);
  else printNote(settings, summaryOf(report));
  return report.ok ? exitCodes.completed : exitCodes.failed;
}

/** The parent waits for the last message, not for this process, which a plugin may keep alive. */
async function reportInside(options: string): Promise<ExitCode> {
  await checkInside(JSON.parse(options), (message) => process.send?.(message));
  await new Promise((sent) => setTimeout(sent, 1_000));
  return exitCodes.completed;
}

function lineOf({ id, status, message }: CheckResult, settings: Settings): string {
  const colours = makeColours(settings.colours.stdout);
  const colour = { ok: colours.green, failed: colours.red, skipped: colours.dim }[status];
  return `${colour(status.padEnd(7))} ${id}${message === '' ? '' : `  ${message}`}`;
}

function summaryOf({ package: name, version, checks }: CheckReport): string {
  const failed = checks.filter(({ status }) => status === 'failed').length;
  const skipped = checks.filter(({ status }) => status === 'skipped').length;
  const label = version === '' ? name : `${name} ${version}`;
  return `${label}: ${checks.length - failed - skipped} ok, ${failed} failed, ${skipped} skipped`;
}
