import type { KeyPath } from './tree.ts';

/** Why keys of PiKVM mean nothing here; the longest that fits counts. */
const REASONS: Readonly<Record<string, string>> = {
  clients: 'there are no daemons that ask one another',
  media: 'the server itself serves /api/media',
  pst: "it is for PiKVM's own kvmd-pst, which can go on beside us",
  nbd: 'images from network block devices are not supported',
  'otg.devices.camera': 'there is no camera for the machine',
  otgnet: "it is for PiKVM's own kvmd-otgnet, which can go on beside us",
  ipmi: 'there is no IPMI server',
  vnc: 'there is no VNC server',
  janus: 'the server itself speaks WebRTC: webrtc.listen, webrtc.ports',
  watchdog: "it is for PiKVM's own kvmd-watchdog, which can go on beside us",
  oled: "it is for PiKVM's own kvmd-oled",
  nginx: 'the server itself serves one address and port: server.listen, server.port',
  'nginx.http': 'plain HTTP is not redirected to HTTPS; server.http serves it besides',
  'kvmd.server': 'the server has its own way',
  'kvmd.auth.usc': 'only root and the own user need no password on the unix socket',
  'kvmd.info': 'the server finds that itself',
  'kvmd.hid': 'the keyboard and mouse of this type have no such option',
  'kvmd.atx': 'the front panel of this type has no such option',
  'kvmd.msd': 'the drive needs no such tuning',
  'kvmd.streamer': 'the video of this type has no such option',
  'kvmd.gpio': 'lines are followed, not asked again and again',
};

/** Why a key that PiKVM knows is not supported. */
export function reasonFor(path: KeyPath): string {
  for (let length = path.length; length > 0; length -= 1) {
    const reason = REASONS[path.slice(0, length).join('.')];
    if (reason !== undefined) return reason;
  }
  return 'there is no such thing here';
}
