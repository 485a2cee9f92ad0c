import type { StepStatus } from '@llmteam/contracts';

export interface Glyphs {
  readonly statuses: Readonly<Record<StepStatus, string>>;
  readonly spinner: readonly string[];
  readonly dot: string;
}

const unicode: Glyphs = {
  statuses: {
    pending: '·',
    queued: '◌',
    running: '◐',
    waiting: '◷',
    retrying: '↻',
    completed: '✔',
    failed: '✖',
    skipped: '↷',
    cancelled: '⊘',
  },
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  dot: '·',
};

const ascii: Glyphs = {
  statuses: {
    pending: '.',
    queued: 'o',
    running: '*',
    waiting: '?',
    retrying: '~',
    completed: '+',
    failed: 'x',
    skipped: '-',
    cancelled: '/',
  },
  spinner: ['|', '/', '-', '\\'],
  dot: '-',
};

export function glyphsFor(hasUnicode: boolean): Glyphs {
  return hasUnicode ? unicode : ascii;
}
