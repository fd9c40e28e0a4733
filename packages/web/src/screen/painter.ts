/** What a painter is given. */
export interface PainterPort {
  /** Of the canvas; null where the browser gives none. */
  readonly context: CanvasRenderingContext2D | null;
  /** Nothing may be drawn any more. */
  ended(): boolean;
  drew(): void;
  dropped(pictures: number): void;
  askForKey(): void;
  /** A picture could not be drawn. */
  failed(): void;
}

/** Draws the messages of one format. */
export interface Painter {
  /** False for what is no picture. */
  take(message: ArrayBuffer): boolean;
  /** Called each second: asks again for what has not come. */
  remind(): void;
  close(): void;
}
