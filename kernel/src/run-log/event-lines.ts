/** What a log says of each event type, and at which level: rare ones and what went wrong at the default level, the rest for those who look. */
import type { EventType, LogLevel } from '@llmteam/contracts';

export interface EventLine {
  readonly level: LogLevel;
  readonly message: string;
}

const debug = (message: string): EventLine => ({ level: 'debug', message });
const info = (message: string): EventLine => ({ level: 'info', message });
const warn = (message: string): EventLine => ({ level: 'warn', message });

export const eventLines: { readonly [T in EventType]: EventLine } = {
  'segment.started': info('run started'),
  'segment.completed': info('run completed'),
  'segment.failed': warn('run failed'),
  'segment.cancelled': info('run cancelled'),
  'segment.paused': info('run paused'),
  'segment.resumed': info('run resumed'),
  'segment.timeout': warn('run timed out'),
  'step.queued': debug('step queued'),
  'step.started': debug('step started'),
  'step.completed': debug('step completed'),
  'step.failed': warn('step failed'),
  'step.skipped': debug('step skipped'),
  'step.retrying': info('step is tried again'),
  'step.waiting': debug('step waits'),
  'step.cancelled': debug('step cancelled'),
  'human.task_created': info('human task opened'),
  'human.task_assigned': info('human task assigned'),
  'human.task_unassigned': info('human task given up'),
  'human.task_completed': info('human task answered'),
  'human.task_escalated': info('human task escalated'),
  'action.started': debug('action started'),
  'action.completed': debug('action completed'),
  'action.failed': debug('action failed'),
  'data.produced': debug('data written'),
  'data.consumed': debug('data read'),
  'critic_loop.started': debug('critic loop started'),
  'critic_loop.iteration_started': debug('iteration of a critic loop started'),
  'critic_loop.iteration_completed': debug('iteration of a critic loop completed'),
  'critic_loop.improvement': debug('critic loop improved'),
  'critic_loop.no_improvement': debug('critic loop did not improve'),
  'critic_loop.completed': debug('critic loop completed'),
};
