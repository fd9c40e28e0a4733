/** The ways in which the picture can come, best first. */
export const PATHS = ['tiles', 'h264', 'webrtc', 'mjpeg'] as const;
export type VideoPath = (typeof PATHS)[number];

/** What a person may choose: one way, or the best that there is. */
export const PATH_CHOICES = ['automatic', ...PATHS] as const;
export type PathChoice = (typeof PATH_CHOICES)[number];

/** The names of the ways. */
export const PATH_WORDS: Readonly<Record<VideoPath, string>> = {
  tiles: 'Tiles',
  h264: 'H.264',
  webrtc: 'WebRTC',
  mjpeg: 'MJPEG',
};

/** Why a way cannot be taken. */
export type PathTrouble =
  | 'not offered'
  | 'whole'
  | 'refused'
  | 'not drawn'
  | 'insecure'
  | 'no decoder'
  | 'no WebRTC'
  | 'no packets';

/** The ways that cannot be taken, each with the reason. MJPEG, the last, always can. */
export type PathTroubles = Readonly<Partial<Record<VideoPath, PathTrouble>>>;

/** What this browser lacks, before anything was tried. */
export interface PathSupport {
  /** Browsers give WebCodecs to pages over HTTPS and of localhost only. */
  readonly isSecure: boolean;
  readonly hasDecoder: boolean;
  readonly hasWebRtc: boolean;
}

/** The way that is taken, and why in words. */
export interface ChosenPath {
  readonly path: VideoPath;
  readonly reason: string;
}

/** Chooses the way that a person wants if it can be taken, else the best one that can. */
export function choosePath(
  wanted: PathChoice,
  tried: PathTroubles,
  support: PathSupport,
): ChosenPath {
  const troubles = { ...tried, ...lacks(support) };
  const can = (path: VideoPath) => path === 'mjpeg' || troubles[path] === undefined;
  const isWhole = troubles.tiles === 'whole';
  if (wanted !== 'automatic' && (can(wanted) || (wanted === 'tiles' && isWhole))) {
    const praise = wanted === 'tiles' && isWhole ? WHOLE_TILES : PRAISE[wanted];
    return { path: wanted, reason: `${praise} You chose this way.` };
  }
  const path = PATHS.find(can) ?? 'mjpeg';
  if (path === 'mjpeg' && isWhole) {
    const missed = PACKED.map((it) => because(it, troubles));
    return { path: 'tiles', reason: [WHOLE_TILES, ...missed].join(' ') };
  }
  const better = PATHS.slice(0, PATHS.indexOf(path));
  const missed = wanted === 'automatic' || better.includes(wanted) ? better : [wanted, ...better];
  return { path, reason: [PRAISE[path], ...missed.map((it) => because(it, troubles))].join(' ') };
}

function lacks({ isSecure, hasDecoder, hasWebRtc }: PathSupport): PathTroubles {
  const noWebRtc = hasWebRtc ? {} : ({ webrtc: 'no WebRTC' } as const);
  if (!isSecure) return { h264: 'insecure', ...noWebRtc };
  return hasDecoder ? noWebRtc : { h264: 'no decoder', ...noWebRtc };
}

const PRAISE: Readonly<Record<VideoPath, string>> = {
  tiles: 'Tiles: only what changed is sent. This is the fastest way.',
  h264: 'H.264, decoded by WebCodecs: little is sent, also when all of the picture moves.',
  webrtc: 'WebRTC: H.264 that keeps its pace also on a bad network.',
  mjpeg: 'MJPEG: whole pictures, slower, but every browser shows them.',
};

/** Of a capture device that tells no changes; as MJPEG, but what is late is left out. */
const WHOLE_TILES = 'Tiles: whole pictures, as the capture device gives no others.';
/** The ways that send whole pictures in little. */
const PACKED = ['h264', 'webrtc'] as const;

const BECAUSE: Readonly<Record<PathTrouble, string>> = {
  'not offered': 'the server does not offer it for this machine.',
  whole: 'the capture device gives whole pictures.',
  refused: 'the connection was refused. A proxy may have to let WebSockets of /api/media/ws pass.',
  'not drawn': 'this browser could not draw it. Another browser or a newer one may.',
  insecure: 'browsers decode it on pages over HTTPS only.',
  'no decoder': 'this browser has no WebCodecs.',
  'no WebRTC': 'this browser has none.',
  'no packets': 'its packets did not come. A firewall may have to let UDP pass.',
};

function because(path: VideoPath, troubles: PathTroubles): string {
  const trouble = troubles[path];
  return trouble === undefined ? '' : `Not ${PATH_WORDS[path]}: ${BECAUSE[trouble]}`;
}
