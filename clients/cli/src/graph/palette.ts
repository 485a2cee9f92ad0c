/** Colours of a picture on its own light paper, so that it looks the same in a dark viewer. */
export const ink = {
  paper: '#ffffff',
  rim: '#e2e8f0',
  text: '#0f172a',
  muted: '#64748b',
  line: '#94a3b8',
  edge: '#64748b',
  faint_edge: '#cbd5e1',
  taken_edge: '#15803d',
  error_edge: '#dc2626',
  faint_error_edge: '#fca5a5',
  loop_edge: '#7c3aed',
  loop_fill: '#7c3aed',
  loop_paper: '#f5f3ff',
  loop_rim: '#c4b5fd',
  loop_text: '#6d28d9',
} as const;

/** Fonts the viewer has; nothing is fetched. */
export const text_family = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
export const mono_family = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
