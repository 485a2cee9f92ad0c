import type { RunExplanation, RunKey, RunReason } from '@llmteam/contracts';
import { explainRun, LastEvents } from '@llmteam/kernel';
import { type Colours, makeColours } from '../colours.js';
import { shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { withStoreOf } from '../open-stores.js';
import { isViewOrphaned } from '../orphans.js';
import { ownFolder } from '../own-folder.js';
import { plainText } from '../plain-text.js';
import type { RunStore } from '../run-stores.js';
import type { Settings } from '../settings.js';

export async function runsExplain(
  settings: Settings,
  [runId = '']: readonly string[],
  { tenant, json }: { tenant: string; json?: boolean },
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id: runId };
  const explanation = await withStoreOf(settings, run, (store) => explanationIn(store, run));
  settings.streams.print(
    json === true
      ? `${JSON.stringify(explanation, null, 2)}\n`
      : asText(explanation, makeColours(settings.colours.stdout)),
  );
  return exitCodes.completed;
}

async function explanationIn(store: RunStore, run: RunKey): Promise<RunExplanation> {
  if (store.kind === 'gateway') return await store.runs.explain(run);
  const view = await store.runs.show(run);
  const last = new LastEvents();
  for (const event of await store.runs.events(run)) last.take(event);
  return explainRun(view, last, ownFolder(!(await isViewOrphaned(store, view))));
}

function asText({ summary, reasons, more_reasons }: RunExplanation, colours: Colours): string {
  const lines = reasons.map((reason) => reasonText(reason, colours));
  const more = more_reasons === 0 ? [] : [colours.dim(`and ${more_reasons} more`)];
  return `${[plainText(summary), ...lines, ...more].join('\n')}\n`;
}

function reasonText({ reason, text, since, remedy }: RunReason, colours: Colours): string {
  const begun = since === null ? '' : colours.dim(` since ${shownTime(Date.parse(since))}`);
  return `\n${colours.bold(reason)}${begun}\n  ${plainText(text)}\n  ${colours.dim('to move it:')} ${plainText(remedy)}`;
}
