export type { DrawOptions } from './graph/draw-options.js';
export { draw_mermaid } from './graph/mermaid.js';
export { draw_svg } from './graph/svg.js';
