import { type BlockSource, SourceRefusedError } from './block-source.ts';
import { Rclone } from './rclone.ts';
import { openWebSource } from './web-source.ts';

/** A file on an sftp or smb server, by rclone. Rejects as `BlockSource.read` does. */
export async function openHelperSource(
  url: URL,
  insecure: boolean,
  signal: AbortSignal,
): Promise<BlockSource> {
  const rclone = await Rclone.start(url, insecure, signal);
  try {
    const source = await openWebSource(rclone.url, false, signal);
    return {
      facts: source.facts,
      fileName: source.fileName,
      read: (offset, length, reading) =>
        source.read(offset, length, reading).catch((error) => {
          throw explained(error, rclone);
        }),
      close() {
        source.close();
        rclone.stop();
      },
    };
  } catch (error) {
    rclone.stop();
    throw explained(error, rclone);
  }
}

/** rclone says that there is no such file also when its remote is away: only its words tell. */
function explained(error: unknown, { trouble }: Rclone): unknown {
  if (!(error instanceof SourceRefusedError)) return error;
  return new Error(trouble === '' ? error.message : `rclone: ${trouble}`, { cause: error });
}
