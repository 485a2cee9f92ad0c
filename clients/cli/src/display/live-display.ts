/**
 * Purpose: a run's progress on a terminal, drawn again and again in place; its last state stays on the screen.
 * Owns: when to draw, and notes of others above it. Does not own: what is drawn (frame.ts).
 */
import { Writable } from 'node:stream';
import { createLogUpdate } from 'log-update';
import { make_colours } from '../colours.js';
import type { Settings } from '../settings.js';
import { draw_frame } from './frame.js';
import { glyphs_for } from './glyphs.js';
import type { RunProgress } from './progress.js';

const redraw_ms = 80;

export class LiveDisplay {
  private readonly update: ReturnType<typeof createLogUpdate>;
  private readonly end_diversion: () => void;
  private readonly timer: NodeJS.Timeout;
  private tick = 0;
  private is_closed = false;

  constructor(
    private readonly progress: RunProgress,
    private readonly settings: Settings,
  ) {
    const { streams } = settings;
    this.update = createLogUpdate(sized(streams.stderr));
    this.end_diversion = streams.divert((text) => this.write_above(text));
    this.timer = setInterval(() => this.draw(), redraw_ms);
    this.timer.unref();
    this.draw();
  }

  /** Draws the last state and leaves it there. */
  close(): void {
    if (this.is_closed) return;
    this.is_closed = true;
    clearInterval(this.timer);
    this.draw();
    this.update.done();
    this.end_diversion();
  }

  private draw(): void {
    const { settings, progress } = this;
    const { stderr } = settings.streams;
    const screen = {
      ...size_of(stderr),
      now: Date.now(),
      tick: this.tick++,
      colours: make_colours(settings.colours.stderr),
      glyphs: glyphs_for(settings.environment.has_unicode),
      settings,
    };
    this.update(draw_frame(progress, screen));
  }

  private write_above(text: string): void {
    this.update.clear();
    this.settings.streams.stderr.write(text);
    this.draw();
  }
}

/** Some terminals say that they have no rows and no columns. */
function size_of({ rows, columns }: NodeJS.WriteStream): { rows: number; columns: number } {
  return { rows: rows || 24, columns: columns || 80 };
}

/** The stream with a size that is never 0. */
function sized(stream: NodeJS.WriteStream): Writable {
  const writable = new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      stream.write(text);
      done();
    },
  });
  return Object.defineProperties(writable, {
    rows: { get: () => size_of(stream).rows },
    columns: { get: () => size_of(stream).columns },
  });
}
