import { longActs } from './long-acts.ts';
import { askClose } from './settings.ts';

/** Lets the browser ask before the page is closed, where that ends something. */
export function askBeforeClosing(): () => void {
  const asked = (event: BeforeUnloadEvent) => {
    if (askClose.peek() || longActs.peek().length > 0) event.preventDefault();
  };
  window.addEventListener('beforeunload', asked);
  return () => window.removeEventListener('beforeunload', asked);
}
