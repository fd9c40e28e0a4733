import logOut from 'lucide-static/icons/log-out.svg?raw';
import maximize from 'lucide-static/icons/maximize.svg?raw';
import minimize from 'lucide-static/icons/minimize.svg?raw';
import power from 'lucide-static/icons/power.svg?raw';
import powerOff from 'lucide-static/icons/power-off.svg?raw';
import reset from 'lucide-static/icons/rotate-ccw.svg?raw';
import log from 'lucide-static/icons/scroll-text.svg?raw';
import search from 'lucide-static/icons/search.svg?raw';
import settings from 'lucide-static/icons/settings.svg?raw';
import alert from 'lucide-static/icons/triangle-alert.svg?raw';
import close from 'lucide-static/icons/x.svg?raw';

const ICONS = {
  alert,
  close,
  log,
  logOut,
  maximize,
  minimize,
  power,
  powerOff,
  reset,
  search,
  settings,
} as const;

export type IconName = keyof typeof ICONS;

/** A drawn sign beside or instead of words; the words are always there for readers. */
export function Icon({ name }: { readonly name: IconName }) {
  return <span class="icon" aria-hidden="true" dangerouslySetInnerHTML={{ __html: ICONS[name] }} />;
}
