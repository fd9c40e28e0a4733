import back from 'lucide-static/icons/arrow-left.svg?raw';
import camera from 'lucide-static/icons/camera.svg?raw';
import good from 'lucide-static/icons/circle-check.svg?raw';
import text from 'lucide-static/icons/clipboard-type.svg?raw';
import copy from 'lucide-static/icons/copy.svg?raw';
import disc from 'lucide-static/icons/disc-3.svg?raw';
import download from 'lucide-static/icons/download.svg?raw';
import eject from 'lucide-static/icons/eject.svg?raw';
import more from 'lucide-static/icons/ellipsis.svg?raw';
import health from 'lucide-static/icons/heart-pulse.svg?raw';
import keyboard from 'lucide-static/icons/keyboard.svg?raw';
import link from 'lucide-static/icons/link.svg?raw';
import logOut from 'lucide-static/icons/log-out.svg?raw';
import maximize from 'lucide-static/icons/maximize.svg?raw';
import minimize from 'lucide-static/icons/minimize.svg?raw';
import monitor from 'lucide-static/icons/monitor.svg?raw';
import pause from 'lucide-static/icons/pause.svg?raw';
import edit from 'lucide-static/icons/pencil.svg?raw';
import play from 'lucide-static/icons/play.svg?raw';
import add from 'lucide-static/icons/plus.svg?raw';
import touch from 'lucide-static/icons/pointer.svg?raw';
import power from 'lucide-static/icons/power.svg?raw';
import powerOff from 'lucide-static/icons/power-off.svg?raw';
import reset from 'lucide-static/icons/rotate-ccw.svg?raw';
import fit from 'lucide-static/icons/scan.svg?raw';
import log from 'lucide-static/icons/scroll-text.svg?raw';
import search from 'lucide-static/icons/search.svg?raw';
import settings from 'lucide-static/icons/settings.svg?raw';
import trackpad from 'lucide-static/icons/touchpad.svg?raw';
import trash from 'lucide-static/icons/trash-2.svg?raw';
import alert from 'lucide-static/icons/triangle-alert.svg?raw';
import upload from 'lucide-static/icons/upload.svg?raw';
import sessions from 'lucide-static/icons/users.svg?raw';
import close from 'lucide-static/icons/x.svg?raw';

const ICONS = {
  add,
  edit,
  alert,
  back,
  camera,
  close,
  copy,
  disc,
  download,
  eject,
  fit,
  good,
  health,
  keyboard,
  link,
  log,
  logOut,
  maximize,
  minimize,
  monitor,
  more,
  pause,
  play,
  power,
  powerOff,
  reset,
  search,
  sessions,
  settings,
  text,
  touch,
  trackpad,
  trash,
  upload,
} as const;

export type IconName = keyof typeof ICONS;

/** A drawn sign beside or instead of words; the words are always there for readers. */
export function Icon({ name }: { readonly name: IconName }) {
  return <span class="icon" aria-hidden="true" dangerouslySetInnerHTML={{ __html: ICONS[name] }} />;
}
