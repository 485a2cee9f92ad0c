/** Appearance of a step type: the colour of its tile and its icon, a path within 16 × 16. */
export interface TypeLook {
  readonly color: string;
  readonly glyph: string;
}

const glyphs = {
  spark: 'M8 1.8 9.6 6.4 14.2 8 9.6 9.6 8 14.2 6.4 9.6 1.8 8 6.4 6.4Z',
  person: 'M8 2.6a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2M2.8 13.8c.3-2.6 2.4-4 5.2-4s4.9 1.4 5.2 4',
  people:
    'M6 3a2.2 2.2 0 1 1 0 4.4A2.2 2.2 0 0 1 6 3M1.6 13c.2-2.3 2-3.5 4.4-3.5s4.2 1.2 4.4 3.5' +
    'M10.6 3.3a2.1 2.1 0 0 1 0 3.9M12 9.8c1.4.5 2.3 1.6 2.4 3.2',
  branch: 'M2 8h4.5M6.5 8 12 3.5M6.5 8l5.5 4.5M12 3.5 9.2 3.6M12 3.5l-.7 2.7M12 12.5l-2.8-.1M12 12.5l-.7-2.7',
  split: 'M2 8h3.4c3.4 0 2.6-4.6 7.6-4.6M5.4 8c3.4 0 2.6 4.6 7.6 4.6M5.4 8H13',
  join: 'M14 8h-3.4C7.2 8 8 3.4 3 3.4M10.6 8C7.2 8 8 12.6 3 12.6M10.6 8H3',
  loop: 'M13 8A5 5 0 1 1 11.4 4.3M13.1 1.9v2.9h-2.9',
  layers: 'M8 2 14 5 8 8 2 5ZM2.2 8.2 8 11l5.8-2.8M2.2 11.2 8 14l5.8-2.8',
  clock: 'M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2M8 5v3.2l2.2 1.4',
  signal:
    'M8 7.2a.8.8 0 1 1 0 1.6.8.8 0 0 1 0-1.6M5.4 10.6a3.7 3.7 0 0 1 0-5.2M10.6 5.4a3.7 3.7 0 0 1 0 5.2' +
    'M3.3 12.7a6.7 6.7 0 0 1 0-9.4M12.7 3.3a6.7 6.7 0 0 1 0 9.4',
  nested: 'M2.5 2.5h6v4.5h-6ZM7.5 9.5h6V14h-6ZM5 7v4.8h2.5',
  globe: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M2 8h12M8 2c-3.4 3.8-3.4 8.2 0 12M8 2c3.4 3.8 3.4 8.2 0 12',
  arrows: 'M2.5 5.2h10M9.8 2.5l2.7 2.7-2.7 2.7M13.5 10.8h-10M6.2 8.1 3.5 10.8l2.7 2.7',
  lens: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3 14 14',
  block: 'M8 2l5.2 3v6L8 14l-5.2-3V5ZM2.8 5 8 8l5.2-3M8 8v6',
} as const;

const colors = {
  ai: '#c026d3',
  data: '#0f766e',
  integration: '#2563eb',
  control: '#4f46e5',
  loop: '#7c3aed',
  wait: '#0284c7',
  human: '#d97706',
  other: '#64748b',
} as const;

const looks: ReadonlyMap<string, TypeLook> = new Map([
  ['llm_agent', { color: colors.ai, glyph: glyphs.spark }],
  ['adaptive', { color: colors.ai, glyph: glyphs.branch }],
  ['rag', { color: colors.ai, glyph: glyphs.lens }],
  ['team', { color: colors.ai, glyph: glyphs.people }],
  ['transform', { color: colors.data, glyph: glyphs.arrows }],
  ['http_action', { color: colors.integration, glyph: glyphs.globe }],
  ['human_task', { color: colors.human, glyph: glyphs.person }],
  ['condition', { color: colors.control, glyph: glyphs.branch }],
  ['switch', { color: colors.control, glyph: glyphs.branch }],
  ['parallel_split', { color: colors.control, glyph: glyphs.split }],
  ['parallel_join', { color: colors.control, glyph: glyphs.join }],
  ['loop', { color: colors.loop, glyph: glyphs.loop }],
  ['critic_loop', { color: colors.loop, glyph: glyphs.loop }],
  ['map', { color: colors.loop, glyph: glyphs.layers }],
  ['subworkflow', { color: colors.wait, glyph: glyphs.nested }],
  ['delay', { color: colors.wait, glyph: glyphs.clock }],
  ['wait_for_signal', { color: colors.wait, glyph: glyphs.signal }],
]);

const unknownType: TypeLook = { color: colors.other, glyph: glyphs.block };
const hexColor = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;

/** Appearance of a bare type id; the author's colour takes precedence if it is a plain hex colour. */
export function typeLook(typeId: string, chosenColor?: string): TypeLook {
  const look = looks.get(typeId) ?? unknownType;
  return chosenColor !== undefined && hexColor.test(chosenColor) ? { ...look, color: chosenColor } : look;
}
