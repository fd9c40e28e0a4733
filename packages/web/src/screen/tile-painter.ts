import { fitCanvas } from './canvas-size.ts';
import type { Painter, PainterPort } from './painter.ts';
import { TileQueue } from './tile-queue.ts';
import { parseTiles, type TileUpdate } from './tiles.ts';

/** Draws the rectangles that changed. */
export function paintTiles(port: PainterPort): Painter {
  const queue = new TileQueue(
    async (update) => {
      if (port.context === null) throw new Error('no canvas');
      await drawUpdate(port.context, update, port.ended);
      port.drew();
    },
    (dropped) => {
      port.dropped(dropped);
      port.failed();
      port.askForKey();
    },
  );
  return {
    take(message) {
      const update = parseTiles(message);
      if (update === undefined) return false;
      void queue.push(update);
      return true;
    },
    remind() {},
    close() {},
  };
}

async function drawUpdate(
  context: CanvasRenderingContext2D,
  update: TileUpdate,
  ended: () => boolean,
): Promise<void> {
  const pictures = await Promise.all(
    update.tiles.map(({ jpeg }) => createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }))),
  );
  const { canvas } = context;
  if (!ended()) {
    fitCanvas(canvas, update.width, update.height);
    update.tiles.forEach(({ x, y }, index) => {
      const picture = pictures[index];
      if (picture !== undefined) context.drawImage(picture, x, y);
    });
  }
  for (const picture of pictures) picture.close();
}
