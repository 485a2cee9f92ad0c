import type { RunStatus } from '@llmteam/contracts';
import type { ShownStatus } from './run-overlay.js';

export interface StatusLook {
  readonly label: string;
  /** Border, badge and dots. */
  readonly line: string;
  readonly fill: string;
  readonly isDashed?: boolean;
  /** Path of the badge's icon around the origin, within 5 on each side; no badge if undefined. */
  readonly sign?: string;
}

/** Statuses are never distinguished by colour alone: each also has its own icon. */
export const statusLooks: Readonly<Record<ShownStatus, StatusLook>> = {
  pending: { label: 'pending', line: '#94a3b8', fill: '#ffffff' },
  queued: { label: 'queued', line: '#0891b2', fill: '#ecfeff', sign: 'M-3.2 0h.1M0 0h.1M3.2 0h.1' },
  running: { label: 'running', line: '#2563eb', fill: '#eff6ff', sign: 'M-1.6-3 2.9 0-1.6 3Z' },
  waiting: { label: 'waiting', line: '#d97706', fill: '#fffbeb', sign: 'M-1.7-2.8v5.6M1.7-2.8v5.6' },
  retrying: { label: 'retrying', line: '#ea580c', fill: '#fff7ed', sign: 'M3 0A3 3 0 1 1 1.9-2.3M3.4-3.8v2.1h-2.1' },
  completed: { label: 'completed', line: '#16a34a', fill: '#f0fdf4', sign: 'M-3.2.2-1 2.5 3.3-2.3' },
  failed: { label: 'failed', line: '#dc2626', fill: '#fef2f2', sign: 'M-2.5-2.5 2.5 2.5M2.5-2.5-2.5 2.5' },
  skipped: {
    label: 'skipped',
    line: '#94a3b8',
    fill: '#f8fafc',
    isDashed: true,
    sign: 'M-2.8-2.5-.3 0-2.8 2.5M.5-2.5 3 0 .5 2.5',
  },
  cancelled: { label: 'cancelled', line: '#64748b', fill: '#f1f5f9', sign: 'M-3 0h6' },
  over: { label: 'iterations over', line: '#65a30d', fill: '#fbfdf5', isDashed: true },
};

const runColors: Readonly<Record<RunStatus, string>> = {
  pending: '#64748b',
  running: statusLooks.running.line,
  paused: statusLooks.waiting.line,
  completed: statusLooks.completed.line,
  failed: statusLooks.failed.line,
  cancelled: statusLooks.cancelled.line,
  timeout: '#b91c1c',
};

export function runColor(status: RunStatus): string {
  return runColors[status];
}
