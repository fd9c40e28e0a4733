import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from './button.tsx';

/** What a panel beside the screen is. */
export interface DrawerProps {
  readonly id: string;
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A panel at the right (a sheet at the bottom on narrow windows); Escape closes it. */
export function Drawer({ id, title, onClose, children }: DrawerProps) {
  const drawer = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = drawer.current;
    if (element === null) return;
    element.focus({ preventScroll: true });
    return keepFocus(element);
  }, []);
  return (
    <section
      id={id}
      ref={drawer}
      class="drawer"
      role="dialog"
      aria-labelledby={`${id}-title`}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="head">
        <h2 id={`${id}-title`}>{title}</h2>
        <Button label={`Close ${title}`} icon="close" iconOnly onPress={onClose} look="bar" />
      </div>
      <div class="body">{children}</div>
    </section>
  );
}

/** Takes the focus when what had it inside goes away, so that keys stay where they were. */
function keepFocus(element: HTMLElement): () => void {
  let last: EventTarget | null = null;
  const noteFocus = ({ target }: FocusEvent) => {
    last = target;
  };
  const changed = new MutationObserver(() => {
    const isLost = document.activeElement === document.body;
    if (isLost && last instanceof Node && !last.isConnected) element.focus({ preventScroll: true });
  });
  element.addEventListener('focusin', noteFocus);
  changed.observe(element, { childList: true, subtree: true });
  return () => {
    element.removeEventListener('focusin', noteFocus);
    changed.disconnect();
  };
}
