/** Purpose: the lines that tell of a run of the mixed segment, by step: message, attempt, and what else the line has. */

const control = ['step started', 'step completed'];
const task = ['step queued 1', 'step started 1', 'step completed 1'];
const failing = (code: string): readonly string[] => [
  'step queued 1',
  'step started 1',
  'action started 1',
  'action failed 1',
  `step failed 1 ${code}`,
];
const waiting = (what: string): readonly string[] => ['step started', `step waits ${what}`, 'step completed'];

/** Of the run itself: no step. */
const ofRun = ['run started', 'run completed'];

export const childEvents: Readonly<Record<string, readonly string[]>> = { '': ofRun, inner: task };

export const mixedEvents: Readonly<Record<string, readonly string[]>> = {
  '': ofRun,
  begin: task,
  choose: control,
  flaky: [
    'step queued 1',
    'step started 1',
    'action started 1',
    'action failed 1',
    'step is tried again 1 HTTP_STATUS',
    'step queued 2',
    'step started 2',
    'action started 2',
    'action completed 2',
    'step completed 2',
  ],
  missing: failing('HTTP_CLIENT_ERROR'),
  caught: task,
  hanging: failing('STEP_TIMEOUT'),
  late: task,
  each: control,
  ...Object.fromEntries(
    [0, 1, 2].flatMap((item) => ['double', 'shape'].map((step) => [`each[${item}]/${step}`, task])),
  ),
  split: control,
  left: task,
  right: task,
  join: control,
  nested: waiting('child_run'),
  ask: task,
  pause: waiting('timer'),
  approve: ['step started', 'human task opened', 'step waits task', 'human task answered', 'step completed'],
  report: task,
  done: task,
};
