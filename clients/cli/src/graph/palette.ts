/** Colours for a light background that is part of the picture, so that it looks the same in a dark viewer. */
export const ink = {
  paper: '#ffffff',
  rim: '#e2e8f0',
  text: '#0f172a',
  muted: '#64748b',
  line: '#94a3b8',
  edge: '#64748b',
  faintEdge: '#cbd5e1',
  takenEdge: '#15803d',
  errorEdge: '#dc2626',
  faintErrorEdge: '#fca5a5',
  loopEdge: '#7c3aed',
  loopFill: '#7c3aed',
  loopPaper: '#f5f3ff',
  loopRim: '#c4b5fd',
  loopText: '#6d28d9',
} as const;

/** System fonts only; nothing is fetched. */
export const textFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
export const monoFamily = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
