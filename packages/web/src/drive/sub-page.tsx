import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../ui/button.tsx';
import { drivePage } from './drive-view.ts';

/** What a page behind the list is. */
export interface SubPageProps {
  readonly title: ComponentChildren;
  /** The image whose row gets the focus on the way back. */
  readonly from?: string;
  readonly children: ComponentChildren;
}

/** A page behind the list of images; Escape and the arrow lead back. */
export function SubPage({ title, from, children }: SubPageProps) {
  const page = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const back = () => {
    drivePage.value = { kind: 'list' };
    requestAnimationFrame(() => focusRow(from));
  };
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    heading.current?.closest('.body')?.scrollTo(0, 0);
    // Of the whole panel, which has the focus when a button goes away; before it closes itself.
    const drawer = page.current?.closest<HTMLElement>('.drawer');
    const leave = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      back();
    };
    drawer?.addEventListener('keydown', leave, { capture: true });
    return () => drawer?.removeEventListener('keydown', leave, { capture: true });
  }, [from]);
  return (
    <section ref={page} class="sub-page">
      <div class="sub-head">
        <Button label="Back to the images" icon="back" iconOnly look="bar" onPress={back} />
        <h3 ref={heading} tabIndex={-1}>
          {title}
        </h3>
      </div>
      {children}
    </section>
  );
}

function focusRow(name: string | undefined): void {
  const rows = [...document.querySelectorAll<HTMLElement>('#panel-drive .image-row')];
  const row = rows.find(({ dataset }) => dataset.image === name);
  (row ?? document.getElementById('panel-drive'))?.focus();
}
