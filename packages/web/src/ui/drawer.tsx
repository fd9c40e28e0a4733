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
    drawer.current?.focus({ preventScroll: true });
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
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        <Button label={`Close ${title}`} icon="close" iconOnly onPress={onClose} look="bar" />
      </header>
      <div class="body">{children}</div>
    </section>
  );
}
